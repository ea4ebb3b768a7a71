// Starts the deployments of the benches in processes of their own.
import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { TrackedChild } from '../../test/support/child.ts';
import type { DeploymentReply, DeploymentRequest, DeploymentStatistics } from './statistics.ts';

export type DeploymentKind = 'standin' | 'sdk';

const ENTRIES: Readonly<Record<DeploymentKind, string>> = {
  standin: './standin/main.js',
  sdk: './sdk.js',
};

export interface DeploymentProcess {
  readonly url: string;
  readonly pid: number;
  statistics(): Promise<DeploymentStatistics>;
  dispose(): Promise<void>;
}

export async function startDeployment(kind: DeploymentKind): Promise<DeploymentProcess> {
  const entry = fileURLToPath(new URL(ENTRIES[kind], import.meta.url));
  const preload = new URL('../../test/services/preload.js', import.meta.url).href;
  const forked = fork(entry, [], {
    execArgv: kind === 'sdk' ? ['--import', preload] : [],
    env: { PATH: process.env['PATH'], NODE_ENV: 'production', RESTATE_LOGGING: 'ERROR' },
    silent: true,
  });
  const child = new TrackedChild(forked);
  const replies: Array<(reply: DeploymentReply) => void> = [];
  const next = () => new Promise<DeploymentReply>((resolve) => replies.push(resolve));
  forked.on('message', (reply: DeploymentReply) => replies.shift()?.(reply));
  const died = child.exited.then(() => {
    throw new Error(`the deployment ended:\n${child.output}`);
  });
  died.catch(() => {
    // Heard by whoever waits for a reply; after `dispose` nobody does.
  });
  const listening = await Promise.race([next(), died]);
  if (listening.kind !== 'listening') throw new Error('the deployment has no port');
  return {
    url: `http://127.0.0.1:${listening.port}`,
    pid: child.pid,
    async statistics() {
      const reply = next();
      forked.send({ ask: 'statistics' } satisfies DeploymentRequest);
      const received = await Promise.race([reply, died]);
      if (received.kind !== 'statistics') throw new Error('the deployment has no statistics');
      return received.statistics;
    },
    async dispose() {
      await child.kill('SIGKILL');
    },
  };
}
