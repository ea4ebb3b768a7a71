import type {
  DeploymentRequest,
  DeploymentStream,
  DeploymentStreamListener,
  DeploymentTransport,
} from '../../actors/ports.ts';
import type { LambdaSettings } from './function-call.ts';
import { LambdaTransport } from './lambda-transport.ts';
import { HttpDeploymentTransport } from './transport.ts';

/** Reaches deployments of every kind. */
export function openDeploymentTransport(settings: LambdaSettings): DeploymentTransport {
  return new AnyTransport(settings);
}

class AnyTransport implements DeploymentTransport {
  readonly #http = new HttpDeploymentTransport();
  readonly #lambda: LambdaTransport;

  constructor(settings: LambdaSettings) {
    this.#lambda = new LambdaTransport(settings);
  }

  open(request: DeploymentRequest, listener: DeploymentStreamListener): DeploymentStream {
    const transport = request.endpoint.kind === 'http' ? this.#http : this.#lambda;
    return transport.open(request, listener);
  }

  async close(): Promise<void> {
    await Promise.all([this.#http.close(), this.#lambda.close()]);
  }
}
