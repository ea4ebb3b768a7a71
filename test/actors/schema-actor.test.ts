import assert from 'node:assert/strict';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, test } from 'node:test';
import { EMPTY_SCHEMA, type Schema } from '../../src/actors/domain/schema.ts';
import type {
  DiscoveryRequest,
  DiscoveryResult,
  RegisterDeployment,
  SchemaStore,
} from '../../src/actors/ports.ts';
import { SchemaActor } from '../../src/actors/schema-actor.ts';
import { at, deploymentId, discovered, serviceManifest, T0 } from '../support/schema-fixtures.ts';

interface Pending<T> {
  readonly value: T;
  resolve(): void;
  reject(error: Error): void;
}

/** A store whose saves end when the test says so, or at once. */
class HeldStore implements SchemaStore {
  readonly saves: Array<Pending<Schema>> = [];
  readonly #initial: Schema;
  readonly #holds: boolean;

  constructor({ initial = EMPTY_SCHEMA, holds = false } = {}) {
    this.#initial = initial;
    this.#holds = holds;
  }

  load(): Schema {
    return this.#initial;
  }

  save(schema: Schema): Promise<void> {
    return new Promise((resolve, reject) => {
      this.saves.push({ value: schema, resolve, reject });
      if (!this.#holds) resolve();
    });
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

const GREETER: DiscoveryResult = { kind: 'discovered', discovered: discovered() };

function startActor(
  store: SchemaStore,
  discover: (request: DiscoveryRequest) => Promise<DiscoveryResult> = () =>
    Promise.resolve(GREETER),
): { readonly actor: SchemaActor; readonly asked: readonly DiscoveryRequest[] } {
  const asked: DiscoveryRequest[] = [];
  const discovery = {
    discover: (request: DiscoveryRequest) => {
      asked.push(request);
      return discover(request);
    },
  };
  return { actor: new SchemaActor({ store, discovery, now: () => T0 }), asked };
}

function request(fields: Partial<RegisterDeployment> = {}): RegisterDeployment {
  return {
    address: at('http://host:9080/'),
    useHttp11: false,
    additionalHeaders: {},
    metadata: {},
    force: false,
    breaking: false,
    dryRun: false,
    ...fields,
  };
}

describe('a change of the schema', () => {
  test('is seen by nobody before it is stored, then by everybody', async () => {
    const store = new HeldStore({ holds: true });
    const { actor } = startActor(store);
    const published: Schema[] = [];
    actor.subscribe((schema) => published.push(schema));
    let answered = false;
    const answer = actor.register(request()).finally(() => (answered = true));
    while (store.saves.length === 0) await nextTurn();
    await nextTurn();
    assert.equal(actor.current(), EMPTY_SCHEMA);
    assert.deepEqual([answered, published.length], [false, 0]);

    store.saves[0]?.resolve();
    const result = await answer;
    assert.equal(result.kind, 'created');
    assert.equal(actor.current(), store.saves[0]?.value);
    assert.deepEqual(published, [actor.current()]);
    assert.equal(actor.current().services.get('Greeter')?.revision, 1);
  });

  test('waits for the change before it and builds on it', async () => {
    const store = new HeldStore({ holds: true });
    const { actor } = startActor(store);
    const answers = [
      actor.register(request()),
      actor.register(request({ address: at('http://other') })),
    ];
    while (store.saves.length === 0) await nextTurn();
    await nextTurn();
    assert.equal(store.saves.length, 1);
    store.saves[0]?.resolve();
    while (store.saves.length === 1) await nextTurn();
    store.saves[1]?.resolve();
    await Promise.all(answers);
    assert.deepEqual([actor.current().version, actor.current().deployments.size], [2, 2]);
    assert.equal(actor.current().services.get('Greeter')?.revision, 2);
  });

  test('that cannot be stored fails alone and leaves nothing behind', async () => {
    const store = new HeldStore({ holds: true });
    const { actor } = startActor(store);
    const published: Schema[] = [];
    actor.subscribe((schema) => published.push(schema));
    const lost = assert.rejects(actor.register(request()), /disk full/);
    const kept = actor.register(request({ address: at('http://other') }));
    while (store.saves.length === 0) await nextTurn();
    store.saves[0]?.reject(new Error('disk full'));
    await lost;
    while (store.saves.length === 1) await nextTurn();
    store.saves[1]?.resolve();
    await kept;
    assert.deepEqual(
      [...actor.current().deployments.values()].map(({ endpoint }) => endpoint),
      [{ kind: 'http', uri: 'http://other/', httpVersion: 'HTTP/2.0' }],
    );
    assert.equal(published.length, 1);
  });

  test('is heard no more after unsubscribing', async () => {
    const { actor } = startActor(new HeldStore());
    let heard = 0;
    const unsubscribe = actor.subscribe(() => (heard += 1));
    await actor.register(request());
    unsubscribe();
    await actor.register(request({ address: at('http://other') }));
    assert.equal(heard, 1);
  });
});

describe('SchemaActor.register', () => {
  test('asks the endpoint with the headers and version of the request', async () => {
    const { actor, asked } = startActor(new HeldStore());
    const wanted = request({ useHttp11: true, additionalHeaders: { a: 'b' } });
    await actor.register(wanted);
    assert.deepEqual(asked, [wanted]);
  });

  test('of a known address without force asks nobody and stores nothing', async () => {
    const store = new HeldStore();
    const { actor, asked } = startActor(store);
    const first = await actor.register(request());
    const again = await actor.register(
      request({ address: at('https://host:9080/'), breaking: true, dryRun: true }),
    );
    assert.ok(first.kind === 'created' && again.kind === 'existing');
    assert.equal(again.deployment, first.deployment);
    assert.deepEqual([asked.length, store.saves.length], [1, 1]);
  });

  test('of one address twice at once makes one deployment', async () => {
    const { actor } = startActor(new HeldStore());
    const results = await Promise.all([actor.register(request()), actor.register(request())]);
    assert.deepEqual(
      results.map((result) => result.kind),
      ['created', 'existing'],
    );
    assert.equal(actor.current().deployments.size, 1);
  });

  test('for the other kind of deployment asks nobody and is refused', async () => {
    const { actor, asked } = startActor(new HeldStore());
    const { id } = await registerOne(actor);
    const result = await actor.update({
      id,
      address: { kind: 'lambda', assumeRoleArn: 'arn:aws:iam::1:role/r' },
      overwrite: false,
      dryRun: false,
    });
    assert.ok(result.kind === 'refused');
    assert.equal(result.refusal.kind, 'deploymentTypeChanged');
    assert.equal(asked.length, 1);
  });

  test('that only tries stores nothing', async () => {
    const store = new HeldStore();
    const { actor } = startActor(store);
    const result = await actor.register(request({ dryRun: true }));
    assert.equal(result.kind, 'created');
    assert.deepEqual([store.saves.length, actor.current()], [0, EMPTY_SCHEMA]);
  });

  test('passes on why discovery failed', async () => {
    const failed: DiscoveryResult = {
      kind: 'discoveryFailed',
      failure: { kind: 'unreachable', message: 'nobody there' },
    };
    const { actor } = startActor(new HeldStore(), () => Promise.resolve(failed));
    assert.deepEqual(await actor.register(request()), failed);
  });

  test('passes on why the schema refused', async () => {
    const reserved = discovered({ services: [serviceManifest({ name: 'restate' })] });
    const { actor } = startActor(new HeldStore(), () =>
      Promise.resolve({ kind: 'discovered', discovered: reserved }),
    );
    const result = await actor.register(request());
    assert.ok(result.kind === 'refused');
    assert.equal(result.refusal.kind, 'reservedName');
  });

  test('is not held up by the discovery of another', async () => {
    const { actor } = startActor(new HeldStore(), ({ address }) =>
      address.kind === 'http' && address.uri.authority === 'slow'
        ? new Promise(() => {})
        : Promise.resolve(GREETER),
    );
    void actor.register(request({ address: at('http://slow') }));
    const result = await actor.register(request());
    assert.equal(result.kind, 'created');
  });

  test('makes a fresh id for each deployment', async () => {
    const { actor } = startActor(new HeldStore());
    const results = await Promise.all([
      actor.register(request()),
      actor.register(request({ address: at('http://other') })),
    ]);
    const ids = results.map((result) => ('deployment' in result ? result.deployment.id : ''));
    assert.notEqual(ids[0], ids[1]);
    for (const id of ids) assert.match(id, /^dp_1[0-9a-zA-Z]{22}$/);
  });
});

describe('SchemaActor.update', () => {
  test('without an address, headers or version asks nobody and changes nothing', async () => {
    const { actor, asked } = startActor(new HeldStore());
    const { id } = await registerOne(actor);
    const result = await actor.update({ id, overwrite: true, dryRun: false });
    assert.deepEqual(result, {
      kind: 'updated',
      deployment: actor.current().deployments.get(id),
    });
    assert.equal(asked.length, 1);
  });

  test('asks with what is stored where the request leaves it out', async () => {
    const { actor, asked } = startActor(new HeldStore());
    const { id } = await registerOne(actor);
    await actor.update({ id, address: at('http://moved'), overwrite: false, dryRun: false });
    assert.deepEqual(asked[1], {
      address: at('http://moved'),
      useHttp11: false,
      additionalHeaders: { h: '1' },
    });
    assert.deepEqual(actor.current().deployments.get(id)?.endpoint, {
      kind: 'http',
      uri: 'http://moved/',
      httpVersion: 'HTTP/2.0',
    });
  });

  test('that only tries stores nothing', async () => {
    const store = new HeldStore();
    const { actor } = startActor(store);
    const { id } = await registerOne(actor);
    const result = await actor.update({
      id,
      additionalHeaders: {},
      overwrite: false,
      dryRun: true,
    });
    assert.ok(result.kind === 'updated');
    assert.deepEqual(result.deployment.additionalHeaders, {});
    assert.deepEqual(actor.current().deployments.get(id)?.additionalHeaders, { h: '1' });
    assert.equal(store.saves.length, 1);
  });

  test('knows no other deployments than the registered ones', async () => {
    const { actor, asked } = startActor(new HeldStore());
    const result = await actor.update({
      id: deploymentId(1),
      address: at('http://moved'),
      overwrite: false,
      dryRun: false,
    });
    assert.deepEqual(result, { kind: 'unknownDeployment' });
    assert.equal(asked.length, 0);
  });
});

async function registerOne(actor: SchemaActor) {
  const result = await actor.register(request({ additionalHeaders: { h: '1' } }));
  assert.ok(result.kind === 'created');
  return result.deployment;
}

describe('SchemaActor.remove', () => {
  test('removes a deployment once', async () => {
    const { actor } = startActor(new HeldStore());
    const { id } = await registerOne(actor);
    assert.equal(await actor.remove(id), 'removed');
    assert.equal(actor.current().services.size, 0);
    assert.equal(await actor.remove(id), 'unknownDeployment');
  });
});
