import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { NOTHING, operation } from '../../../src/io/admin/operation.ts';
import { openApiDocument } from '../../../src/io/admin/openapi.ts';
import { route } from '../../../src/io/admin/route.ts';
import { field } from '../../support/json.ts';

const BYTES = Uint8Array.of(1, 2, 3);

const getBytes = operation({
  info: { id: 'get_bytes', tag: 'introspection', summary: 'Bytes' },
  takes: NOTHING,
  responses: { 200: { description: 'Bytes', mediaTypes: ['text/csv', 'application/x-bytes'] } },
  handle: () => ({
    status: 200,
    headers: [['x-more', 'yes']],
    mediaType: 'application/x-bytes',
    raw: BYTES,
  }),
});

describe('an operation that writes its body itself', () => {
  test('answers with the bytes and their media type', async () => {
    const http = {
      method: 'GET',
      path: '/bytes',
      query: undefined,
      headers: [],
      header: () => undefined,
      client: () => undefined,
      readBody: () => assert.fail('it takes no body'),
    };
    assert.deepEqual(await getBytes.handle({ http, apiVersion: 'latest', param: () => '' }), {
      status: 200,
      headers: [
        ['content-type', 'application/x-bytes'],
        ['x-more', 'yes'],
      ],
      body: BYTES,
    });
  });

  test('is documented with every media type', () => {
    const { paths } = openApiDocument([route('/bytes', { GET: getBytes })], '1');
    const response = field(field(paths['/bytes']?.['get'], 'responses'), '200');
    assert.deepEqual(field(response, 'content'), {
      'text/csv': {},
      'application/x-bytes': {},
    });
  });
});
