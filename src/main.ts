#!/usr/bin/env node
// Process entry: configuration in, a running server out, signals to a graceful stop.
import { availableParallelism, hostname } from 'node:os';
import { PartitionPool } from './actors/partition-pool.ts';
import { loadConfig } from './io/config/load.ts';
import type { LoadedConfig } from './io/config/load.ts';
import { logOptionsOf } from './io/config/log-options.ts';
import { PRODUCT_VERSION } from './io/config/product-version.ts';
import { createLogger } from './io/log.ts';
import type { Logger } from './io/log.ts';
import type { Server } from './server.ts';

const sources = {
  argv: process.argv.slice(2),
  env: process.env,
  cwd: process.cwd(),
  hostname: hostname(),
  cores: availableParallelism(),
};
if (sources.argv[0] === 'snapshot') {
  const { runSnapshotCommand } = await import('./snapshot-command.ts');
  const result = await runSnapshotCommand({ ...sources, argv: sources.argv.slice(1) });
  process.stderr.write(result.errors);
  process.stdout.write(result.output);
  process.exitCode = result.exitCode;
} else {
  await serve(loadConfig(sources));
}

async function serve(loaded: LoadedConfig): Promise<void> {
  switch (loaded.kind) {
    case 'print':
      for (const warning of loaded.warnings) process.stderr.write(`${warning}\n`);
      process.stdout.write(`${loaded.text}\n`);
      return;
    case 'error':
      process.stderr.write(`${loaded.message}\n`);
      process.exitCode = loaded.exitCode;
      return;
    case 'run':
      return run(loaded);
  }
}

async function run({ config, warnings, noLogo }: LoadedConfig & { kind: 'run' }): Promise<void> {
  const log = createLogger(logOptionsOf(config, process.stdout.isTTY));
  for (const warning of warnings) log.of('reprise::config').warn(warning);
  const threadsCount = Math.min(config.partitionThreads, config.defaultNumPartitions);
  const pool = new PartitionPool(threadsCount, config.partitionThreads);
  try {
    // Its modules are loaded while the threads load theirs.
    const { startServer } = await import('./server.ts');
    const server = await startServer({ ...config, log, pool });
    if (process.stdout.isTTY) process.stdout.write(banner(server, noLogo));
    log.info(`Reprise ${PRODUCT_VERSION} serves`, {
      node_name: config.nodeName,
      config_source: config.configFile ?? '[default]',
      base_dir: server.dataDirectory,
      ...server.advertised,
    });
    stopOnSignals(server, config.shutdownTimeoutMs, log);
    process.on('SIGHUP', () => server.reloadCredentials());
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    await pool.close();
    process.exit(1);
  }
}

/** For people; what starts servers reads the log. */
function banner({ advertised, postgresAddress, dataDirectory }: Server, noLogo: boolean): string {
  return [
    ...(noLogo ? [] : [`Reprise ${PRODUCT_VERSION}`]),
    `  ingress  ${advertised.ingress}`,
    `  admin    ${advertised.admin}`,
    ...(postgresAddress === undefined ? [] : [`  sql      ${postgresAddress} (PostgreSQL)`]),
    `  node     ${advertised.node}`,
    `  data     ${dataDirectory}`,
    '',
  ].join('\n');
}

function stopOnSignals(server: Server, timeoutMs: number, log: Logger): void {
  let isStopping = false;
  const stop = (): void => {
    // A second signal means now.
    if (isStopping) process.exit(0);
    isStopping = true;
    setTimeout(() => {
      log.warn('the graceful shutdown takes longer than shutdown-timeout; the process ends');
      process.exit(0);
    }, timeoutMs).unref();
    server.close().then(
      () => process.exit(0),
      (error: unknown) => {
        process.stderr.write(`${String(error)}\n`);
        process.exit(1);
      },
    );
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
}
