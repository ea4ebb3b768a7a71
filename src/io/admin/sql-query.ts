// SQL over the admin API: POST /query.
import { z } from 'zod';
import { QueryError, type QueryErrorKind } from '../../actors/domain/query-error.ts';
import { component } from './components.ts';
import type { AdminContext } from './context.ts';
import { operation } from './operation.ts';
import { route, type Route } from './route.ts';

const queryForm = component('QueryRequest', z.object({ query: z.string() }));

const queryErrorBody = component('QueryErrorBody', z.object({ message: z.string() }));

const JSON_TYPE = 'application/json';
const ARROW_TYPE = 'application/vnd.apache.arrow.stream';

/** Source: seen on the reference 1.7.12; what it cannot run is 500, what it will not run is 400. */
const ERROR_STATUS = {
  syntax: 400,
  readOnly: 400,
  unknownName: 500,
  unsupported: 500,
  invalidValue: 500,
  timeout: 500,
  cancelled: 500,
  internal: 500,
  limit: 429,
  unavailable: 503,
} as const satisfies Record<QueryErrorKind, number>;

export function queryRoutes({ queries, log }: AdminContext): readonly Route[] {
  const postQuery = operation({
    info: { id: 'query', tag: 'introspection', summary: 'Ask for the state of the system in SQL' },
    takes: z.object({ body: queryForm }),
    responses: {
      200: { description: 'The rows', mediaTypes: [ARROW_TYPE, JSON_TYPE] },
      400: { description: 'No statement, or one that changes something', body: queryErrorBody },
      429: { description: 'Too much is asked for', body: queryErrorBody },
      500: { description: 'The statement failed', body: queryErrorBody },
      503: { description: 'Nobody answers queries now', body: queryErrorBody },
    },
    async handle({ body: { query } }, { http }) {
      // JSON only for those who ask for nothing else.
      const isJson = http.header('accept') === JSON_TYPE;
      try {
        const { batches, whole } = await queries.encode(query, isJson ? 'json' : 'arrow');
        const mediaType = isJson ? JSON_TYPE : ARROW_TYPE;
        return whole === undefined
          ? { status: 200, mediaType, stream: batches }
          : { status: 200, mediaType, raw: whole };
      } catch (error) {
        if (!(error instanceof QueryError)) throw error;
        if (error.kind === 'internal') log.error('a query failed', { error });
        return { status: ERROR_STATUS[error.kind], body: { message: error.message } };
      }
    },
  });
  return [route('/query', { POST: postQuery })];
}
