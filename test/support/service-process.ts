import { fork, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { TrackedChild } from './child.ts';
import type { EndpointSettings } from './endpoint-settings.ts';
import { PROTOCOL_V7 } from './servers.ts';

/** SDK packages that services can be run with, `undefined` is the current one, and servers for them. */
export const SDK_VERSIONS = [
  { name: 'SDK 1.17.2', sdkPackage: undefined, environment: {} },
  { name: 'SDK 1.17.2 in protocol version 7', sdkPackage: undefined, environment: PROTOCOL_V7 },
  { name: 'SDK 1.12.0', sdkPackage: 'restate-sdk-1-12', environment: {} },
] as const;

export type SdkPackage = (typeof SDK_VERSIONS)[number]['sdkPackage'];

export interface ServiceProcessOptions {
  /** Modules of `test/services` that export `services`. */
  readonly modules: readonly string[];
  readonly effectsPath: string;
  readonly sdkPackage?: SdkPackage | undefined;
  readonly environment?: Readonly<Record<string, string>> | undefined;
  readonly endpoint?: EndpointSettings | undefined;
}

/** A Node process that serves handlers written with the official SDK. */
export interface ServiceProcess {
  readonly url: string;
  readonly output: () => string;
  /** Lets every handler pass that waits, or will wait, at this gate. */
  openGate(name: string): void;
  dispose(): Promise<void>;
}

export async function startServiceProcess(options: ServiceProcessOptions): Promise<ServiceProcess> {
  const main = fileURLToPath(new URL('../services/main.js', import.meta.url));
  const preload = new URL('../services/preload.js', import.meta.url).href;
  const process_ = fork(main, options.modules, {
    execArgv: ['--enable-source-maps', '--import', preload],
    env: {
      PATH: process.env['PATH'],
      EFFECTS_FILE: options.effectsPath,
      ...(options.sdkPackage !== undefined && { TEST_SDK: options.sdkPackage }),
      ...(options.endpoint !== undefined && { SERVICE_ENDPOINT: JSON.stringify(options.endpoint) }),
      ...options.environment,
    },
    silent: true,
  });
  const child = new TrackedChild(process_);
  const port = await Promise.race([receivePort(process_), child.exited]);
  if (typeof port !== 'number') throw new Error(`the service process ended:\n${child.output}`);
  let isDisposed = false;
  // Else its invocations would wait for it, and their tests time out without a reason.
  void child.exited.then(({ code, signal }) => {
    if (isDisposed) return;
    console.error(`the service process ended with ${signal ?? code}:\n${child.output}`);
  });
  return {
    url: `${isSecure(options.endpoint) ? 'https' : 'http'}://127.0.0.1:${port}`,
    output: () => child.output,
    openGate: (name) => void process_.send({ openGate: name }),
    dispose: async () => {
      isDisposed = true;
      await child.kill('SIGKILL');
    },
  };
}

function isSecure(endpoint: EndpointSettings | undefined): boolean {
  return endpoint?.transport === 'h2' || endpoint?.transport === 'https1';
}

function receivePort(child: ChildProcess): Promise<number> {
  return new Promise((resolve) => {
    child.once('message', (message) => {
      if (typeof message === 'object' && 'port' in message) resolve(Number(message.port));
    });
  });
}
