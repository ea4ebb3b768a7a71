// Tables for terminals.

export type Cell = string | number;

/** One line per row below the names; numbers are aligned to the right. */
export function formatTable(
  names: readonly string[],
  rows: ReadonlyArray<readonly Cell[]>,
): string {
  const texts = rows.map((row) => row.map((cell) => formatCell(cell)));
  const widths = names.map((name, column) =>
    Math.max(name.length, ...texts.map((row) => row[column]?.length ?? 0)),
  );
  const isNumber = names.map((_, column) => rows.some((row) => typeof row[column] === 'number'));
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, column) => {
        const width = widths[column] ?? 0;
        return isNumber[column] === true ? cell.padStart(width) : cell.padEnd(width);
      })
      .join('  ')
      .trimEnd();
  return [line(names), line(widths.map((width) => '-'.repeat(width))), ...texts.map(line)].join(
    '\n',
  );
}

function formatCell(cell: Cell): string {
  return typeof cell === 'string' ? cell : formatNumber(cell);
}

/** Three significant digits, and every digit before the point. */
export function formatNumber(value: number): string {
  if (!Number.isFinite(value)) return '-';
  const size = Math.abs(value);
  const digits = size >= 100 || Number.isInteger(value) ? 0 : size >= 10 ? 1 : size >= 1 ? 2 : 3;
  return value.toLocaleString('en-US', {
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  });
}

const MEGABYTE = 1e6;

export function megabytes(bytes: number): number {
  return bytes / MEGABYTE;
}
