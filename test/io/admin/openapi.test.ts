import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { namesIn } from '../../../src/io/admin/operation.ts';
import { openApiDocument, type OpenApiDocument } from '../../../src/io/admin/openapi.ts';
import type { Operation, Route } from '../../../src/io/admin/route.ts';
import { adminRoutes } from '../../../src/io/admin/server.ts';
import { startAdminRig, type AdminRig } from '../../support/admin-rig.ts';

let rig: AdminRig;
let routes: readonly Route[];
let document: OpenApiDocument;

before(async () => {
  rig = await startAdminRig();
  routes = adminRoutes(rig.context);
  document = openApiDocument(routes, '1.7.12');
});

after(() => rig.close());

function served(): ReadonlyArray<readonly [method: string, path: string, Operation]> {
  return routes.flatMap(({ path, methods }) =>
    [...methods].map(([method, operation]) => [method, path, operation] as const),
  );
}

describe('the document', () => {
  test('is what the server gives', async () => {
    const answer = await rig.call('GET', '/openapi');
    assert.equal(answer.status, 200);
    assert.deepEqual(answer.json, JSON.parse(JSON.stringify(document)));
    assert.deepEqual((await rig.call('GET', '/v2/openapi')).json, answer.json);
  });

  test('leaves out only what is for browsers and older clients', () => {
    const left = served()
      .filter(([, , { documented }]) => documented === undefined)
      .map(([method, path]) => `${method} ${path}`)
      .filter((route) => !/^POST \/internal\//.test(route));
    assert.deepEqual(left, [
      'PUT /deployments/{deployment}',
      'GET /',
      'GET /ui',
      'GET /ui/',
      'GET /ui/{*path}',
    ]);
  });

  test('names the parameters that are in the path', () => {
    for (const [, path, { documented }] of served()) {
      if (documented === undefined) continue;
      const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
      assert.deepEqual(namesIn(documented.takes, 'params'), inPath, path);
    }
  });

  test('has no reference to something that it lacks', () => {
    const text = JSON.stringify(document);
    const references = new Set([...text.matchAll(/"\$ref":"#\/components\/([^"]+)"/g)]);
    assert.ok(references.size > 0);
    for (const [, reference = ''] of references) {
      const [kind, name = ''] = reference.split('/');
      const holder =
        kind === 'schemas' ? document.components.schemas : document.components.responses;
      assert.ok(name in holder, reference);
    }
    assert.doesNotMatch(text, /\$defs|undefined/);
  });

  test('shows types that texts in a query stand for', () => {
    const types = ['/deployments/{deployment}', '/invocations/{invocation_id}/restart-as-new'].map(
      (path) => JSON.stringify(document.paths[path]),
    );
    assert.match(
      types[0] ?? '',
      /"name":"force","in":"query","required":false,"schema":\{"type":"boolean"\}/,
    );
    assert.match(
      types[1] ?? '',
      /"name":"from","in":"query","required":false,"schema":\{"type":"integer"\}/,
    );
  });

  test('has no description of what is not there', () => {
    const used = new Set(served().map(([, , { documented }]) => documented?.info.tag));
    for (const { name } of document.tags) assert.ok([...used].some((tag) => tag === name));
  });
});
