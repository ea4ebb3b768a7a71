// A chart of bars as SVG text: one group per category, one bar per series.

export interface BarSeries {
  readonly name: string;
  /** One value per category; `NaN` leaves the bar out. */
  readonly values: readonly number[];
}

export interface BarChart {
  readonly title: string;
  readonly categories: readonly string[];
  readonly series: readonly BarSeries[];
  readonly scale: 'linear' | 'logarithmic';
}

const WIDTH = 380;
const HEIGHT = 220;
const LEFT = 52;
const TOP = 26;
const BOTTOM = 24;
const PLOT_WIDTH = WIDTH - LEFT - 6;
const PLOT_HEIGHT = HEIGHT - TOP - BOTTOM;
/** Of a group's width, what its bars take. */
const GROUP_SHARE = 0.82;
/** Distinguishable with every kind of colour vision, and in print. */
const COLOURS = ['#0072b2', '#d55e00', '#e69f00', '#56b4e9'];

export function colourOf(seriesIndex: number): string {
  return COLOURS[seriesIndex % COLOURS.length] ?? '#000';
}

export function barChart(chart: BarChart): string {
  const axis = axisOf(chart);
  const grid = axis.ticks.map((value) => {
    const y = axis.yOf(value).toFixed(1);
    return (
      `<line x1="${LEFT}" x2="${WIDTH - 6}" y1="${y}" y2="${y}" stroke="#ddd"/>` +
      `<text x="${LEFT - 5}" y="${y}" dy="4" text-anchor="end">${tickText(value)}</text>`
    );
  });
  const groupWidth = PLOT_WIDTH / chart.categories.length;
  const labels = chart.categories.map((name, index) => {
    const x = LEFT + (index + 0.5) * groupWidth;
    return `<text x="${x.toFixed(1)}" y="${HEIGHT - 8}" text-anchor="middle">${escapeHtml(name)}</text>`;
  });
  const bars = chart.series.flatMap((series, seriesIndex) =>
    series.values.map((value, group) => bar(chart, axis, { series, seriesIndex, value, group })),
  );
  return [
    `<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" width="${WIDTH}" height="${HEIGHT}" role="img">`,
    `<text x="${LEFT}" y="16" class="title">${escapeHtml(chart.title)}</text>`,
    ...grid,
    ...bars,
    ...labels,
    '</svg>',
  ].join('\n');
}

interface Axis {
  readonly ticks: readonly number[];
  readonly yOf: (value: number) => number;
}

interface Bar {
  readonly series: BarSeries;
  readonly seriesIndex: number;
  readonly value: number;
  readonly group: number;
}

function bar({ categories, series: all }: BarChart, axis: Axis, drawn: Bar): string {
  const { series, seriesIndex, value, group } = drawn;
  if (!isDrawn(value)) return '';
  const groupWidth = PLOT_WIDTH / categories.length;
  const width = (groupWidth * GROUP_SHARE) / all.length;
  const x = LEFT + group * groupWidth + (groupWidth * (1 - GROUP_SHARE)) / 2 + seriesIndex * width;
  const y = axis.yOf(value);
  const height = TOP + PLOT_HEIGHT - y;
  return (
    `<rect x="${x.toFixed(1)}" y="${y.toFixed(1)}" width="${width.toFixed(1)}" ` +
    `height="${Math.max(0, height).toFixed(1)}" fill="${colourOf(seriesIndex)}">` +
    `<title>${escapeHtml(`${series.name}, ${categories[group]}: ${tickText(value)}`)}</title></rect>`
  );
}

function isDrawn(value: number): boolean {
  return value > 0 && Number.isFinite(value);
}

function axisOf({ series, scale }: BarChart): Axis {
  const values = series.flatMap((one) => one.values).filter(isDrawn);
  return scale === 'linear' ? linearAxis(values) : logarithmicAxis(values);
}

function linearAxis(values: readonly number[]): Axis {
  const top = Math.max(1, ...values);
  const step = niceStep(top / 4);
  const max = Math.ceil(top / step) * step;
  const ticks = Array.from({ length: Math.round(max / step) + 1 }, (_, index) => index * step);
  return { ticks, yOf: (value) => TOP + PLOT_HEIGHT * (1 - value / max) };
}

function logarithmicAxis(values: readonly number[]): Axis {
  const low = Math.floor(Math.log10(Math.min(1, ...values)));
  const high = Math.max(low + 1, Math.ceil(Math.log10(Math.max(1, ...values))));
  const ticks = Array.from({ length: high - low + 1 }, (_, index) => 10 ** (low + index));
  const yOf = (value: number) => TOP + PLOT_HEIGHT * (1 - (Math.log10(value) - low) / (high - low));
  return { ticks, yOf };
}

/** 1, 2 or 5 times a power of ten, at least `step`. */
function niceStep(step: number): number {
  const power = 10 ** Math.floor(Math.log10(step));
  return power * ([1, 2, 5, 10].find((factor) => factor * power >= step) ?? 10);
}

function tickText(value: number): string {
  const text = value >= 1000 ? `${Number((value / 1000).toPrecision(3))}k` : value.toPrecision(3);
  return text.includes('.') ? text.replace(/\.?0+$/, '') : text;
}

export function escapeHtml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
}
