import type {
  DeploymentRequest,
  DeploymentStream,
  DeploymentStreamListener,
  DeploymentTransport,
} from '../../actors/ports.ts';
import type { ConnectionStatistics } from '../../actors/domain/statistics.ts';
import type { LambdaSettings } from './function-call.ts';
import { LambdaTransport } from './lambda-transport.ts';
import { HttpDeploymentTransport, type TransportOptions } from './transport.ts';

/** How deployments of each kind are reached. Plain data. */
export interface TransportSettings {
  readonly http: TransportOptions;
  readonly lambda: LambdaSettings;
}

/** Reaches deployments of every kind. */
export function openDeploymentTransport(
  settings: TransportSettings,
  statistics?: ConnectionStatistics,
): AnyTransport {
  return new AnyTransport(settings, statistics);
}

class AnyTransport implements DeploymentTransport {
  readonly #http: HttpDeploymentTransport;
  readonly #lambda: LambdaTransport;

  constructor({ http, lambda }: TransportSettings, statistics: ConnectionStatistics | undefined) {
    this.#http = new HttpDeploymentTransport({ ...http, statistics });
    this.#lambda = new LambdaTransport(lambda);
  }

  /** Over HTTP/2. */
  get openStreamsCount(): number {
    return this.#http.openStreamsCount;
  }

  open(request: DeploymentRequest, listener: DeploymentStreamListener): DeploymentStream {
    const transport = request.endpoint.kind === 'http' ? this.#http : this.#lambda;
    return transport.open(request, listener);
  }

  async close(): Promise<void> {
    await Promise.all([this.#http.close(), this.#lambda.close()]);
  }
}
