// The commands of the official client that ask or tell a server something, in an order that makes sense:
// first those that read, then those that change what the next ones show. `{name}` stands for an id or
// an address that the test knows.

export interface CliCommand {
  readonly args: readonly string[];
  /** What comes in any order. */
  readonly unordered?: 'lines' | 'cells';
  /** The command runs once this query has rows. */
  readonly once?: string;
  /** What comes before this is about the client. */
  readonly from?: string;
  /** What `sed` does in the editor. */
  readonly edit?: string;
  /** The command fails, in words of the server's own. */
  readonly fails?: boolean;
}

type Details = Omit<CliCommand, 'args'>;

/** Words are separated by spaces; an argument with spaces is given in a list. */
function run(args: string | readonly string[], details: Details = {}): CliCommand {
  return { args: typeof args === 'string' ? args.split(' ') : args, ...details };
}

/** Every key that is held is told to be, however long. */
function status(details: string, more: Details = LINES): CliCommand {
  return run(`services status --locked-key-held-threshold-second 0 ${details}`.trim(), more);
}

const LINES = { unordered: 'lines' } as const;
const CELLS = { unordered: 'cells' } as const;
const FAILS = { fails: true } as const;

function hasStatus(name: string, status: string): string {
  return `SELECT id FROM sys_invocation WHERE id = '{${name}}' AND status = '${status}'`;
}

function hasState(key: string, name: string, value: string): string {
  const entry = `service_key = '${key}' AND key = '${name}' AND value_utf8 = '${value}'`;
  return `SELECT key FROM state WHERE service_name = 'Counter' AND ${entry}`;
}

/** As long as there is none. */
function hasNo(table: string, condition: string): string {
  return `SELECT n FROM (SELECT COUNT(1) AS n FROM ${table} WHERE ${condition}) WHERE n = 0`;
}

function isGone(name: string): string {
  return hasNo('sys_invocation', `id = '{${name}}'`);
}

const READING: readonly CliCommand[] = [
  run('whoami', { from: '[OK]' }),
  run('services list', LINES),
  run('services list --extra', CELLS),
  run('services list --public-only', LINES),
  run('services list --table-style borders', LINES),
  run('services describe Greeter', LINES),
  run('services describe Counter', LINES),
  run('services describe Signup', LINES),
  run('services describe Callee', LINES),
  run('services describe Nobody', FAILS),
  status(''),
  status('Greeter'),
  status('Counter'),
  status('Signup'),
  status('Counter --locked-keys-limit 1'),
  status('Greeter --sample-invocations-limit 2'),
  status('Nobody', FAILS),
  run('services config view Greeter', LINES),
  run('services config view Counter', LINES),
  run('services config view Signup', LINES),
  run('deployments list', CELLS),
  run('deployments list --extra', CELLS),
  run('deployments describe {samples}', LINES),
  run('deployments describe {samples} --extra', LINES),
  run('deployments describe {drained} --extra', LINES),
  run('deployments describe dp_13LbYq3rVwzs0eJI3i2PZkJ', FAILS),
  run('invocations list'),
  run('invocations list --all'),
  run('invocations list --all --limit 3'),
  run('invocations list --all --oldest-first'),
  run('invocations list --service Greeter'),
  run('invocations list --service Greeter --handler awk --all'),
  run('invocations list --service Counter --handler add --status completed,pending --limit 3'),
  run('invocations list --status scheduled'),
  run('invocations list --status pending'),
  run('invocations list --status running'),
  run('invocations list --status suspended'),
  run('invocations list --status backing-off'),
  run('invocations list --status paused'),
  run('invocations list --status completed'),
  run('invocations list --status ready'),
  run('invocations list --completion-result success'),
  run('invocations list --completion-result failure'),
  run('invocations list --deployment {samples}'),
  run('invocations list --deployment {samples} --oldest-first --zombie'),
  run('invocations list --zombie --all'),
  run('invocations list --virtual-objects-only'),
  run('invocations list --virtual-objects-only --key cart-1'),
  run('invocations list --key nobody'),
  run('invocations list --time-format iso8601 --status paused'),
  ...[
    'greeted',
    'failed',
    'stepped',
    'backingOff',
    'suspended',
    'paused',
    'killed',
    'cancelled',
  ].map((name) => run(`invocations describe {${name}}`)),
  ...['running', 'pending', 'awaiting', 'signedUp', 'approval', 'scheduled'].map((name) =>
    run(`invocations describe {${name}}`),
  ),
  run('invocations describe inv_1fW4EYdl43NJ6LH8hfHBlQ3jSeVmjC7SQy', FAILS),
  run('state get Counter k1'),
  run('state get Counter k1 --plain'),
  run('state get Counter k1 --binary --plain'),
  run('state get Signup user-78'),
  run('state get Counter nobody'),
  run('state get Greeter k1', FAILS),
  run(['sql', 'select id, target, status, retry_count from sys_invocation order by created_at']),
  run([
    'sql',
    '--json',
    'select id, target, created_at, completion_retention, 1 as a, null as n from sys_invocation order by created_at limit 4',
  ]),
  run(['sql', '--jsonl', 'select name, public, revision, ty from sys_service order by name']),
  run(['sql', "select * from state where service_name = 'Counter' order by service_key"]),
  run(['sql', '--json', "select * from state where service_name = 'Counter' order by service_key"]),
  run(['sql', '--table-style', 'borders', 'select count(*) as count from sys_deployment']),
  run(['sql', '--quiet', '--jsonl', 'select count(*) as count from sys_deployment']),
  run(['sql', 'select id from sys_invocation where false']),
  run(['sql', '--json', 'select id from sys_invocation where false']),
  run(['sql', 'select bogus'], FAILS),
  run(['sql', 'selec'], FAILS),
  run('vqueues list'),
  run('vqueues describe vq_1foAirY4KKzi0VmE5m087BHxT3pqMIbeXf', FAILS),
];

const CONFIGURING: readonly CliCommand[] = [
  run('services config patch Greeter --public false --idempotency-retention 2d'),
  run(
    'services config patch Greeter --journal-retention 1h --inactivity-timeout 2m --abort-timeout 20m',
  ),
  run('services config patch Signup --workflow-completion-retention 3d'),
  run('services config view Greeter', LINES),
  run('services config view Signup', LINES),
  run('services list', LINES),
  run('services list --public-only', LINES),
  run('services config edit Greeter'),
  run('services config edit Greeter', { edit: 's/^# public = true/public = true/' }),
  run('services describe Greeter', LINES),
];

const OPERATING: readonly CliCommand[] = [
  run('invocations cancel {suspended}'),
  run('invocations describe {suspended}', { once: hasStatus('suspended', 'completed') }),
  run('invocations cancel {suspended}', FAILS),
  run('invocations pause {awaiting}'),
  run('invocations describe {awaiting}', { once: hasStatus('awaiting', 'suspended') }),
  run('invocations resume {awaiting} --deployment latest'),
  run('invocations describe {awaiting}', { once: hasStatus('awaiting', 'suspended') }),
  run('invocations pause {backingOff}'),
  run('invocations describe {backingOff}', { once: hasStatus('backingOff', 'paused') }),
  run('invocations resume {backingOff}'),
  run('invocations describe {backingOff}', { once: hasStatus('backingOff', 'backing-off') }),
  run('invocations pause Greeter/greet', FAILS),
  run('invocations resume {greeted}', FAILS),
  run('invocations cancel Counter/cart-1/add', LINES),
  run('invocations describe {pending}', { once: isGone('pending'), ...FAILS }),
  status('Counter', { once: isGone('alsoPending'), ...LINES }),
  run('invocations kill {running}'),
  run('invocations describe {running}', { once: hasStatus('running', 'completed') }),
  run('invocations cancel --kill {awaiting}'),
  run('invocations describe {awaiting}', { once: hasStatus('awaiting', 'completed') }),
  run('invocations cancel Greeter/greet'),
  run('invocations describe {scheduled}', { once: isGone('scheduled'), ...FAILS }),
  run('invocations kill Nobody', FAILS),
  run('invocations restart-as-new {failed}'),
  run('invocations list --service Greeter --handler fail --all', {
    once: "SELECT 1 FROM (SELECT COUNT(1) AS n FROM sys_invocation WHERE target = 'Greeter/fail' AND status = 'completed') WHERE n = 2",
  }),
  run('invocations purge {greeted}'),
  run('invocations describe {greeted}', FAILS),
  run('invocations purge Greeter/fail'),
  run('invocations list --service Greeter --handler fail --all'),
  run('invocations purge Greeter/retrying', FAILS),
  status(''),
];

const EDITING: readonly CliCommand[] = [
  run('state edit Counter k1', { edit: 's/3/33/' }),
  run('state get Counter k1', { once: hasState('k1', 'count', '33') }),
  run([
    'state',
    'patch',
    'Counter',
    'k1',
    '--patch',
    '[{"op":"replace","path":"/count","value":7}]',
  ]),
  run('state get Counter k1', { once: hasState('k1', 'count', '7') }),
  run(
    [
      'state',
      'patch',
      'Counter',
      'k1',
      '--force',
      '--patch',
      '[{"op":"add","path":"/n","value":{"a":1}}]',
    ],
    LINES,
  ),
  run('state get Counter k1', { once: hasState('k1', 'n', '{"a":1}'), ...LINES }),
  run(['state', 'patch', 'Counter', 'k1', '--patch', '[{"op":"remove","path":"/n"}]']),
  run('state get Counter k1', { once: hasNo('state', "key = 'n'") }),
  run('state clear Counter/k1'),
  run('state get Counter k1', {
    once: hasNo('state', "service_key = 'k1'"),
  }),
  run('state clear Counter', LINES),
  run('state clear Nobody/k1', FAILS),
  status('Counter'),
];

const REGISTERING: readonly CliCommand[] = [
  run('deployments register {samplesUrl}', LINES),
  run('deployments register {samplesUrl} --force', LINES),
  run('deployments register {greeter1Url} --metadata a=b --extra-header x-key=value', LINES),
  run('deployments list', CELLS),
  run('services describe Greeter', LINES),
  run('deployments register {greeter2Url}', LINES),
  run('deployments list --extra', CELLS),
  run('services list', LINES),
  run('services describe Greeter', LINES),
  run('deployments register {http1Url}/fake', FAILS),
  run('deployments register {http1Url}/fake --use-http1.1', LINES),
  run('deployments register {http1Url}/fake --use-http1.1 --force', LINES),
  run('services describe Fake', LINES),
  run('deployments register http://127.0.0.1:1', FAILS),
  run('deployments remove {drained}', LINES),
  run('deployments remove {deployment1}', FAILS),
  run('deployments remove {deployment1} --force', LINES),
  run('deployments remove dp_13LbYq3rVwzs0eJI3i2PZkJ', FAILS),
  run('deployments list', CELLS),
];

const KAFKA: readonly CliCommand[] = [
  run('kafka-clusters list'),
  run('kafka-clusters create kc1 bootstrap.servers=127.0.0.1:1'),
  run('kafka-clusters list'),
  run('kafka-clusters describe kc1', LINES),
  run('kafka-clusters describe nobody', FAILS),
  run('kafka-clusters patch kc1 --set client.id=me', LINES),
  run('kafka-clusters edit kc1', LINES),
  run('kafka-clusters edit kc1', { edit: 's/me/you/', ...LINES }),
  run('kafka-clusters describe kc1', LINES),
  run('subscriptions list'),
  run('subscriptions create kafka://kc1/topic service://Callee/echo group.id=g1', LINES),
  run('subscriptions list'),
  run('subscriptions describe {subscription1}', LINES),
  run('kafka-clusters describe kc1', LINES),
  run('kafka-clusters delete kc1', FAILS),
  run('subscriptions delete {subscription1}', LINES),
  run('kafka-clusters delete kc1'),
  run('kafka-clusters list'),
];

const LIMITING: readonly CliCommand[] = [
  run('rules list'),
  run('rules set scope1/* --concurrency 5 --description hi'),
  run('rules list', { once: "SELECT pattern FROM sys_rules WHERE pattern = 'scope1/*'" }),
  run('rules list --extra'),
  run('rules set scope1/* --concurrency 6'),
  run('rules disable scope1/*'),
  run('rules list'),
  run('rules enable scope1/*'),
  run('rules set scope2 --unlimited --disabled'),
  run('rules list --extra'),
  run('rules delete scope1/*'),
  run('rules delete nobody', FAILS),
  run('rules list'),
];

export const CLI_COMMANDS: ReadonlyArray<
  readonly [title: string, commands: readonly CliCommand[]]
> = [
  ['reads', READING],
  ['configures services', CONFIGURING],
  ['operates invocations', OPERATING],
  ['edits state', EDITING],
  ['registers and removes deployments', REGISTERING],
  ['manages Kafka clusters and subscriptions', KAFKA],
  ['manages limits', LIMITING],
];
