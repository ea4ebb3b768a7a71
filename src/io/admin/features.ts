/** Experimental features of the reference, which clients look up by name. Most do not exist here. */
export const FEATURE_NAMES = [
  'vqueues',
  'protocol_v7',
  'invoker_yield',
  'unique_random_seeds',
  'scoped_virtual_objects',
  'kafka_scope',
  'vqueues_migration_skip_completed',
  'vqueues_async_refill',
  'vqueue_obsolete_cleanup',
  'scoped_state_table_migration',
  'scoped_promise_table_migration',
  'preflight_invocation_termination_retention',
] as const;

/** Absent ones are off. */
export type Features = { readonly [Name in (typeof FEATURE_NAMES)[number]]?: boolean };
