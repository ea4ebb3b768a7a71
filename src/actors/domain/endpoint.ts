// Where deployments are: as they are named at registration, and as they are stored and reached.
import type { DeploymentUri } from './deployment-uri.ts';
import type { LambdaArn } from './lambda-arn.ts';

export interface HttpEndpoint {
  readonly kind: 'http';
  /** Absolute `http:` or `https:` URI; its path is the prefix of `/discover` and `/invoke/…`. */
  readonly uri: string;
  readonly httpVersion: 'HTTP/1.1' | 'HTTP/2.0';
}

export interface LambdaEndpoint {
  readonly kind: 'lambda';
  readonly arn: LambdaArn;
  /** The role to call the function as; absent calls it as who the server is. */
  readonly assumeRoleArn?: string | undefined;
  /** What request bodies may be compressed with. Source: the manifest. */
  readonly compression?: 'zstd' | undefined;
}

/** How a deployment is reached. */
export type DeploymentEndpoint = HttpEndpoint | LambdaEndpoint;

export interface HttpAddress {
  readonly kind: 'http';
  readonly uri: DeploymentUri;
}

export type LambdaAddress = Pick<LambdaEndpoint, 'kind' | 'arn' | 'assumeRoleArn'>;

/** What a deployment is registered under, before anything is known about it. */
export type EndpointAddress = HttpAddress | LambdaAddress;

/** A change of an address; fields left out keep what is stored. */
export type AddressUpdate =
  | (Pick<HttpAddress, 'kind'> & {
      readonly uri?: DeploymentUri | undefined;
      readonly useHttp11?: boolean | undefined;
    })
  | (Pick<LambdaAddress, 'kind' | 'assumeRoleArn'> & { readonly arn?: LambdaArn | undefined });
