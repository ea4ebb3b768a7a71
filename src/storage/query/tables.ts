import { EMPTY_TABLES } from './empty-tables.ts';
import {
  INVOCATION_STATE_TABLE,
  INVOCATION_STATUS_TABLE,
  INVOCATION_TABLE,
} from './invocation-tables.ts';
import { JOURNAL_EVENTS_TABLE, JOURNAL_TABLE } from './journal-tables.ts';
import {
  INBOX_TABLE,
  KEYED_SERVICE_STATUS_TABLE,
  PROMISE_TABLE,
  STATE_TABLE,
} from './keyed-tables.ts';
import type { QueryTable } from './query-table.ts';
import { USER_LIMITS_TABLE } from './user-limits.ts';
import { DEPLOYMENT_TABLE, RULES_TABLE, SERVICE_TABLE } from './schema-tables.ts';

/** Every table that SQL sees, by name. */
export const QUERY_TABLES: ReadonlyMap<string, QueryTable> = new Map(
  [
    STATE_TABLE,
    DEPLOYMENT_TABLE,
    INBOX_TABLE,
    INVOCATION_TABLE,
    INVOCATION_STATE_TABLE,
    INVOCATION_STATUS_TABLE,
    JOURNAL_TABLE,
    JOURNAL_EVENTS_TABLE,
    KEYED_SERVICE_STATUS_TABLE,
    PROMISE_TABLE,
    RULES_TABLE,
    SERVICE_TABLE,
    USER_LIMITS_TABLE,
    ...EMPTY_TABLES,
  ]
    .map((table) => [table.name, table] as const)
    .sort(([a], [b]) => (a < b ? -1 : 1)),
);
