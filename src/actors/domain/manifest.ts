import type { HttpEndpoint, LambdaEndpoint } from './endpoint.ts';
import type { HandlerOptions, HandlerType, ProtocolMode, ServiceType } from './schema.ts';

/**
 * What a deployment says about itself at discovery. Its form has been checked; whether its services
 * make sense is decided when they are registered. Source: endpoint manifest v1 to v4.
 */
export interface EndpointManifest {
  readonly protocolMode: ProtocolMode;
  readonly minProtocolVersion: number;
  readonly maxProtocolVersion: number;
  /** Matters to Lambda alone. */
  readonly lambdaCompression?: LambdaEndpoint['compression'];
  readonly services: readonly ServiceManifest[];
}

export interface ServiceManifest {
  readonly name: string;
  readonly type: ServiceType;
  readonly documentation?: string | undefined;
  readonly metadata?: Readonly<Record<string, string>> | undefined;
  readonly private?: boolean | undefined;
  readonly options: HandlerOptions;
  readonly handlers: readonly HandlerManifest[];
}

export interface HandlerManifest {
  readonly name: string;
  /** As declared; absent takes the default of the service's type. */
  readonly type?: HandlerType | undefined;
  readonly documentation?: string | undefined;
  readonly metadata?: Readonly<Record<string, string>> | undefined;
  readonly private?: boolean | undefined;
  readonly options: HandlerOptions;
  readonly input?: InputManifest | undefined;
  readonly output?: OutputManifest | undefined;
}

export interface InputManifest {
  readonly required: boolean;
  readonly contentType?: string | undefined;
  readonly jsonSchema?: unknown;
}

export interface OutputManifest {
  readonly contentType?: string | undefined;
  readonly setContentTypeIfEmpty: boolean;
  readonly jsonSchema?: unknown;
}

/** What discovery learned about a deployment. */
export interface DiscoveredDeployment {
  readonly manifest: EndpointManifest;
  /** Version of the response that carried the manifest; AWS answers in HTTP/1.1. */
  readonly httpVersion: HttpEndpoint['httpVersion'];
  /** Value of the response header `x-restate-server`. */
  readonly sdkVersion?: string | undefined;
}
