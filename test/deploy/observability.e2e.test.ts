// The dashboard and the alert rules ask for metrics and labels that a server has.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { parse } from 'yaml';
import { METRICS } from '../../src/io/metrics/definitions.ts';
import { HttpClient } from '../support/http.ts';
import { field } from '../support/json.ts';
import { at, listAt, readDeployFile } from '../support/manifests.ts';
import { type Family, parsePrometheusText, sumOf } from '../support/prometheus-text.ts';
import { selectorsOf } from '../support/prom-queries.ts';
import { Rig } from '../support/rig.ts';
import { skippedOnReference } from '../support/servers.ts';
import { waitFor } from '../support/wait.ts';

const dashboard: unknown = JSON.parse(readDeployFile('grafana/reprise.json'));
const rules: unknown = parse(readDeployFile('prometheus/alerts.yml'));

const alerts = listAt(rules, 'groups').flatMap((group) => listAt(group, 'rules'));
const panels = listAt(dashboard, 'panels').filter((panel) => field(panel, 'type') !== 'row');

const PANEL_QUERIES = panels.flatMap((panel) =>
  listAt(panel, 'targets').map((target) => String(field(target, 'expr'))),
);
const ALERT_QUERIES = alerts.map((alert) => String(field(alert, 'expr')));

/** Made by Prometheus itself. */
const BUILT_IN = 'up';

/** Only there while something is wrong. */
const RARE = ['restate_partition_blocked_flare'];

test('the metrics and labels of a query are found', () => {
  const query =
    'histogram_quantile(0.99, sum by (le, a_b) (rate(x_bucket{c="1", d=~"$e"}[5m]))) > on (f) y offset 5m and z';
  assert.deepEqual(selectorsOf(query), [
    { metric: 'x_bucket', labels: ['c', 'd', 'le', 'a_b', 'f'] },
    { metric: 'y', labels: ['le', 'a_b', 'f'] },
    { metric: 'z', labels: ['le', 'a_b', 'f'] },
  ]);
});

describe('on a server', { skip: skippedOnReference('these are the metrics of Reprise') }, () => {
  let rig: Rig;
  let families: ReadonlyMap<string, Family>;
  /** Names of the labels that the series of each name have. */
  let labelsByName: ReadonlyMap<string, ReadonlySet<string>>;

  before(async () => {
    rig = await Rig.start({ modules: ['ingress-samples', 'load'] });
    await rig.ingress.post('/Echo/fail', { message: 'no' });
    await rig.ingress.post('/Load/square', 2);
    await rig.ingress.post('/Load/sendNotes', { from: 0, to: 8 });
    const node = new HttpClient(rig.server.nodeUrl);
    families = await waitFor('the last note', async () => {
      const scraped = parsePrometheusText((await node.get('/metrics')).text());
      const notes = { service: 'Load', handler: 'note' };
      const notesCount = sumOf(scraped, 'reprise_invocations_completed_total', notes);
      return notesCount === 8 ? scraped : undefined;
    });
    node.close();
    labelsByName = labelsOf(families);
  });
  after(() => rig.dispose());

  test('every metric that is defined is there', () => {
    const missing = Object.keys(METRICS).filter((name) => !families.has(name));
    assert.deepEqual(missing, RARE);
  });

  for (const query of new Set([...PANEL_QUERIES, ...ALERT_QUERIES])) {
    test(`there is what is asked for: ${query}`, () => {
      const selectors = selectorsOf(query);
      assert.ok(selectors.length > 0);
      for (const { metric, labels } of selectors) {
        if (metric === BUILT_IN) continue;
        const known = labelsByName.get(metric);
        assert.ok(known !== undefined, metric);
        for (const label of labels) assert.ok(known.has(label), `${metric} has ${label}`);
      }
    });
  }

  test('the variables of the dashboard have values', () => {
    const queries = listAt(dashboard, 'templating', 'list')
      .filter((variable) => field(variable, 'type') === 'query')
      .map((variable) => String(field(variable, 'query')));
    assert.equal(queries.length, 2);
    for (const query of queries) {
      const [, metric = '', label = ''] = /^label_values\((\w+).*, (\w+)\)$/.exec(query) ?? [];
      assert.ok(labelsByName.get(metric)?.has(label), query);
    }
  });
});

function labelsOf(families: ReadonlyMap<string, Family>): ReadonlyMap<string, ReadonlySet<string>> {
  const labels = new Map<string, Set<string>>();
  for (const { samples } of families.values()) {
    for (const sample of samples) {
      const known = labels.get(sample.name) ?? new Set();
      for (const label of Object.keys(sample.labels)) known.add(label);
      labels.set(sample.name, known);
    }
  }
  return labels;
}

describe('the dashboard', () => {
  test('shows every metric of Reprise but those that only alerts and people ask for', () => {
    const asked = [...PANEL_QUERIES, ...ALERT_QUERIES].join(' ');
    const own = Object.keys(METRICS).filter((name) => name.startsWith('reprise_'));
    const unasked = own.filter((name) => !asked.includes(name));
    assert.deepEqual(unasked, [
      'reprise_info',
      'reprise_partition_thread_silent_seconds',
      'reprise_deployments',
      'reprise_services',
    ]);
  });

  test('keeps every panel to the chosen nodes', () => {
    for (const query of PANEL_QUERIES) {
      const selected = query.match(/\{[^}]*\}/g) ?? [];
      assert.equal(selected.length, selectorsOf(query).length, query);
      for (const matchers of selected) {
        assert.match(matchers, /cluster_name="\$cluster_name", node_name=~"\$node_name"/);
      }
    }
  });

  test('has panels that do not overlap and have names of their own', () => {
    assert.equal(new Set(panels.map((panel) => field(panel, 'title'))).size, panels.length);
    const places = listAt(dashboard, 'panels').map((panel) => {
      const place = (name: string) => Number(at(panel, 'gridPos', name));
      return { x: place('x'), y: place('y'), w: place('w'), h: place('h') };
    });
    const cells = places.flatMap(({ x, y, w, h }) =>
      Array.from({ length: w * h }, (_, cell) => `${x + (cell % w)} ${y + Math.floor(cell / w)}`),
    );
    assert.equal(new Set(cells).size, cells.length);
  });
});

describe('an alert', () => {
  for (const alert of alerts) {
    test(`says what is wrong and how bad it is: ${String(field(alert, 'alert'))}`, () => {
      assert.match(String(at(alert, 'labels', 'severity')), /^(?:critical|warning)$/);
      assert.ok(String(at(alert, 'annotations', 'summary')).length > 10);
      assert.ok(String(at(alert, 'annotations', 'description')).length > 10);
    });
  }
});
