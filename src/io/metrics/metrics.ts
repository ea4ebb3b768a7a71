// The metrics of a server, made when somebody asks for them. Thread: main.
import { statfs } from 'node:fs/promises';
import type { PartitionThreadInspector, SchemaReader } from '../../actors/ports.ts';
import type { Exposition } from './exposition.ts';
import { type EventLoopMonitor, monitorEventLoop } from './event-loop.ts';
import { type IngressFigures, type RequestFigures, serverSamples } from './server-samples.ts';
import { ThreadHistory } from './thread-history.ts';

export interface MetricsOptions {
  readonly clusterName: string;
  readonly nodeName: string;
  readonly version: string;
  /** Absolute path of a directory in the file system that fills up. */
  readonly dataDirectory: string;
  readonly attemptsPerDeploymentMax: number;
  readonly threads: PartitionThreadInspector;
  readonly schema: SchemaReader;
  readonly ingress: IngressFigures;
  readonly requests: () => RequestFigures;
}

export class Metrics {
  readonly #options: MetricsOptions;
  readonly #history = new ThreadHistory();
  readonly #eventLoop: EventLoopMonitor = monitorEventLoop();
  #exposition: Exposition | undefined;
  #rendering: Promise<string> | undefined;

  constructor(options: MetricsOptions) {
    this.#options = options;
  }

  /** Text in the Prometheus format, version 0.0.4. Who asks meanwhile gets the same. */
  render(): Promise<string> {
    this.#rendering ??= this.#render().finally(() => (this.#rendering = undefined));
    return this.#rendering;
  }

  close(): void {
    this.#eventLoop.close();
  }

  async #render(): Promise<string> {
    const options = this.#options;
    const { clusterName: cluster_name, nodeName: node_name } = options;
    const [threads, disk, { Exposition }] = await Promise.all([
      options.threads.inspect(),
      diskFigures(options.dataDirectory),
      import('./exposition.ts'),
    ]);
    this.#exposition ??= new Exposition({ cluster_name, node_name });
    const samples = [
      ...this.#history.samples(threads),
      ...this.#eventLoop.samples('main'),
      ...serverSamples({
        ...options,
        requests: options.requests(),
        schema: options.schema.current(),
        threads,
        disk,
      }),
    ];
    return this.#exposition.render(samples, performance.now());
  }
}

/** `undefined` where the file system does not say. */
async function diskFigures(path: string) {
  try {
    const { bsize, bavail, blocks } = await statfs(path);
    return { freeBytes: bsize * bavail, sizeBytes: bsize * blocks };
  } catch {
    return undefined;
  }
}
