// The files of deploy/ fit together, and fit the options of the server.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { PORTS } from '../../src/io/config/listener-options.ts';
import { environmentName } from '../../src/io/config/option.ts';
import { OPTION_LIST, OPTIONS } from '../../src/io/config/options.ts';
import {
  at,
  deployFiles,
  listAt,
  readDeployFile,
  readManifests,
  type ManifestObject,
} from '../support/manifests.ts';

const INGRESS_PORT = PORTS.ingress;
const ADMIN_PORT = PORTS.admin;
const NODE_PORT = PORTS.node;
const VARIABLES = new Set(OPTION_LIST.map(([, { key }]) => environmentName(key)));

const objects = readManifests();

function find(kind: string, name: string): ManifestObject {
  const object = objects.find((one) => one.kind === kind && one.name === name);
  assert.ok(object !== undefined, `${kind} ${name}`);
  return object;
}

const POD = ['spec', 'template', 'spec'] as const;
const statefulSet = find('StatefulSet', 'reprise').content;
const container = at(statefulSet, ...POD, 'containers', 0);

test('every variable that is named is one of an option', () => {
  const named = deployFiles().flatMap((path) => readDeployFile(path).match(/RESTATE_\w+/g) ?? []);
  assert.ok(named.length > 5);
  for (const name of named) assert.ok(VARIABLES.has(name), name);
});

test('every variable that is set has a value of its option', () => {
  for (const { name, value } of containersOf(objects).flatMap(literalsOf)) {
    const option = OPTION_LIST.find(([, { key }]) => environmentName(key) === name)?.[1];
    if (option === undefined) continue;
    assert.ok(option.type.parse({ kind: 'text', text: value }).ok, `${name}=${value}`);
  }
});

describe('the container image', () => {
  const dockerfile = readDeployFile('Dockerfile');

  test('exposes the default ports', () => {
    assert.match(
      dockerfile,
      new RegExp(`^EXPOSE ${INGRESS_PORT} ${ADMIN_PORT} ${NODE_PORT}$`, 'm'),
    );
  });

  test('keeps its data in its volume, under a name that stays', () => {
    const directory = /^VOLUME (\S+)$/m.exec(dockerfile)?.[1];
    assert.equal(/\bRESTATE_BASE_DIR=(\S+)/.exec(dockerfile)?.[1], directory);
    assert.match(dockerfile, /\bRESTATE_NODE_NAME=\w+/);
  });

  test('does not run as root', () => {
    assert.match(dockerfile.slice(dockerfile.lastIndexOf('FROM ')), /^USER node$/m);
  });

  test('lets in every file that is copied from the source, and nothing else', () => {
    const copied = [...dockerfile.matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap(
      ([, sources = '']) => sources.split(' '),
    );
    const [everything, ...admitted] = readDeployFile('Dockerfile.dockerignore').trim().split('\n');
    assert.equal(everything, '*');
    assert.deepEqual(
      admitted.toSorted(),
      [...new Set(copied)].map((path) => `!${path}`).toSorted(),
    );
  });
});

describe('the stateful set', () => {
  test('is one server', () => {
    assert.equal(at(statefulSet, 'spec', 'replicas'), 1);
  });

  test('has the default ports', () => {
    assert.deepEqual(at(container, 'ports'), [
      { name: 'ingress', containerPort: INGRESS_PORT },
      { name: 'admin', containerPort: ADMIN_PORT },
      { name: 'node', containerPort: NODE_PORT },
    ]);
  });

  const probes = { startupProbe: 'admin', readinessProbe: 'admin', livenessProbe: 'node' };
  for (const [probe, port] of Object.entries(probes)) {
    test(`has a ${probe} that asks the port named ${port}`, () => {
      assert.deepEqual(at(container, probe, 'httpGet'), { path: '/health', port });
    });
  }

  test('tells Prometheus where the metrics are', () => {
    assert.deepEqual(at(statefulSet, 'spec', 'template', 'metadata', 'annotations'), {
      'prometheus.io/scrape': 'true',
      'prometheus.io/port': String(NODE_PORT),
    });
  });

  test('keeps its data on its volume, under the name of the pod', () => {
    const claims = listAt(statefulSet, 'spec', 'volumeClaimTemplates');
    assert.deepEqual(at(container, 'volumeMounts'), [{ name: 'data', mountPath: '/data' }]);
    assert.deepEqual(
      claims.map((claim) => at(claim, 'metadata', 'name')),
      ['data'],
    );
    const variables = listAt(container, 'env');
    const variable = (name: string): unknown => variables.find((one) => at(one, 'name') === name);
    assert.equal(at(variable('RESTATE_BASE_DIR'), 'value'), '/data');
    assert.equal(
      at(variable('RESTATE_NODE_NAME'), 'valueFrom', 'fieldRef', 'fieldPath'),
      'metadata.name',
    );
  });

  test('gets more time to stop than the server takes', () => {
    const graceSeconds = Number(at(statefulSet, ...POD, 'terminationGracePeriodSeconds'));
    assert.ok(
      graceSeconds * 1000 >
        OPTIONS.shutdownTimeoutMs.defaultOf({ cwd: '/', hostname: '', cores: 1 }),
    );
  });

  test('runs as the user of the image, without rights', () => {
    const security = at(statefulSet, ...POD, 'securityContext');
    assert.equal(at(security, 'runAsNonRoot'), true);
    assert.equal(at(security, 'fsGroup'), at(security, 'runAsGroup'));
    assert.equal(at(container, 'securityContext', 'allowPrivilegeEscalation'), false);
  });
});

describe('a service', () => {
  const services = objects.filter(
    ({ kind, apiVersion }) => kind === 'Service' && apiVersion === 'v1',
  );
  for (const { name, content } of services) {
    test(`named ${name} selects pods that have its ports`, () => {
      const selector = at(content, 'spec', 'selector');
      const pods = objects.filter(
        ({ content: other, kind }) =>
          ['StatefulSet', 'Deployment'].includes(kind) &&
          matches(at(other, 'spec', 'template', 'metadata', 'labels'), selector),
      );
      assert.equal(pods.length, 1);
      const ports = listAt(pods[0]?.content, ...POD, 'containers', 0, 'ports');
      for (const port of listAt(content, 'spec', 'ports')) {
        const target = ports.find((one) => at(one, 'name') === at(port, 'targetPort'));
        assert.equal(at(target, 'containerPort'), at(port, 'port'));
      }
    });
  }

  test('governs the stateful set', () => {
    const governing = find('Service', String(at(statefulSet, 'spec', 'serviceName')));
    assert.equal(at(governing.content, 'spec', 'clusterIP'), 'None');
  });

  test('exposes the ingress without the admin API', () => {
    const ports = listAt(find('Service', 'reprise').content, 'spec', 'ports');
    assert.deepEqual(
      ports.map((port) => at(port, 'port')),
      [INGRESS_PORT],
    );
  });
});

describe('a workload', () => {
  const workloads = objects.filter(({ kind }) => ['StatefulSet', 'Deployment'].includes(kind));
  for (const { name, content } of workloads) {
    test(`named ${name} selects its own pods`, () => {
      const labels = at(content, 'spec', 'template', 'metadata', 'labels');
      assert.ok(matches(labels, at(content, 'spec', 'selector', 'matchLabels')));
    });
  }
});

describe('the registration', () => {
  const jobs = objects.filter(({ kind }) => kind === 'Job');

  for (const { file, content } of jobs) {
    const args = listAt(content, ...POD, 'containers', 0, 'args').map(String);

    test(`in ${file} is asked of the admin API`, () => {
      const url = new URL(args.at(-1) ?? '');
      assert.equal(url.pathname, '/deployments');
      assert.equal(Number(url.port), ADMIN_PORT);
      assert.equal(url.hostname.split('.')[0], find('Service', 'reprise-admin').name);
    });

    test(`in ${file} names the handlers beside it`, () => {
      const { uri } = JSON.parse(args[args.indexOf('--data') + 1] ?? '');
      const host = new URL(uri).hostname.split('.')[0] ?? '';
      assert.ok(addressesIn(file).includes(host), host);
    });
  }

  test('exists for Kubernetes and for Knative', () => {
    const files = jobs.map(({ file }) => file);
    assert.deepEqual(files, ['knative/greeter.yaml', 'kubernetes/greeter.yaml']);
  });
});

test('Knative speaks HTTP/2 to the handlers, and keeps each revision reachable', () => {
  const service = objects.find(
    ({ apiVersion }) => apiVersion === 'serving.knative.dev/v1',
  )?.content;
  assert.equal(at(service, ...POD, 'containers', 0, 'ports', 0, 'name'), 'h2c');
  assert.equal(
    at(service, 'spec', 'traffic', 0, 'revisionName'),
    at(service, 'spec', 'template', 'metadata', 'name'),
  );
});

/** Host names under which the services of a file are reached. */
function addressesIn(file: string): readonly string[] {
  return objects
    .filter((object) => object.file === file && object.kind === 'Service')
    .flatMap(({ name, content, apiVersion }) =>
      apiVersion === 'v1'
        ? [name]
        : listAt(content, 'spec', 'traffic').map((route) => `${String(at(route, 'tag'))}-${name}`),
    );
}

function matches(labels: unknown, selector: unknown): boolean {
  assert.ok(typeof selector === 'object' && selector !== null);
  return Object.entries(selector).every(([name, value]) => at(labels, name) === value);
}

function containersOf(all: readonly ManifestObject[]): readonly unknown[] {
  return all
    .filter(({ kind, apiVersion }) => kind !== 'Service' || apiVersion !== 'v1')
    .flatMap(({ content }) => listAt(content, ...POD, 'containers'));
}

interface Literal {
  readonly name: string;
  readonly value: string;
}

/** The variables of a container that have a value in the manifest itself. */
function literalsOf(one: unknown): readonly Literal[] {
  return listAt(one, 'env').flatMap((variable) => {
    const value = at(variable, 'value');
    return typeof value === 'string' ? [{ name: String(at(variable, 'name')), value }] : [];
  });
}
