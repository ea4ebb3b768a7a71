// From the address a deployment is registered under to the endpoint that is stored, and back.
import { must } from '../domain/assert.ts';
import { formatDeploymentUri, parseDeploymentUri, sameAddress } from '../domain/deployment-uri.ts';
import type {
  AddressUpdate,
  DeploymentEndpoint,
  EndpointAddress,
  HttpAddress,
  HttpEndpoint,
  LambdaAddress,
  LambdaEndpoint,
} from '../domain/endpoint.ts';
import type { DiscoveredDeployment } from '../domain/manifest.ts';

export function endpointOf(
  address: EndpointAddress,
  { httpVersion, manifest }: DiscoveredDeployment,
): DeploymentEndpoint {
  if (address.kind === 'http') {
    return { kind: 'http', uri: formatDeploymentUri(address.uri), httpVersion };
  }
  return { ...address, compression: manifest.lambdaCompression };
}

/** Whether a deployment with this endpoint was registered under this address. */
export function isAt(endpoint: DeploymentEndpoint, address: EndpointAddress): boolean {
  if (endpoint.kind === 'lambda') return address.kind === 'lambda' && address.arn === endpoint.arn;
  return address.kind === 'http' && sameAddress(addressOfHttp(endpoint).uri, address.uri);
}

/** What is asked for its manifest when an address changes. */
export interface UpdatedAddress {
  readonly address: EndpointAddress;
  readonly useHttp11: boolean;
}

/** `undefined` when the update is for the other kind of deployment and names no complete address. */
export function updateAddress(
  stored: DeploymentEndpoint,
  update: AddressUpdate | undefined,
): UpdatedAddress | undefined {
  const kind = update?.kind ?? stored.kind;
  const address = kind === 'http' ? updateHttp(stored, update) : updateLambda(stored, update);
  const useHttp11 = update?.kind === 'http' ? update.useHttp11 : undefined;
  return address && { address, useHttp11: useHttp11 ?? speaksHttp11(stored) };
}

function updateHttp(
  stored: DeploymentEndpoint,
  update: AddressUpdate | undefined,
): HttpAddress | undefined {
  if (update?.kind === 'http' && update.uri !== undefined) return { kind: 'http', uri: update.uri };
  return stored.kind === 'http' ? addressOfHttp(stored) : undefined;
}

function updateLambda(
  stored: DeploymentEndpoint,
  update: AddressUpdate | undefined,
): LambdaAddress | undefined {
  const before: Partial<LambdaEndpoint> = stored.kind === 'lambda' ? stored : {};
  const change = update?.kind === 'lambda' ? update : undefined;
  const arn = change?.arn ?? before.arn;
  if (arn === undefined) return undefined;
  return { kind: 'lambda', arn, assumeRoleArn: change?.assumeRoleArn ?? before.assumeRoleArn };
}

function addressOfHttp({ uri }: HttpEndpoint): HttpAddress {
  const parsed = parseDeploymentUri(uri);
  const absolute = parsed.kind === 'absolute' ? parsed.uri : undefined;
  return { kind: 'http', uri: must(absolute, `a stored deployment has an absolute URI: ${uri}`) };
}

function speaksHttp11(endpoint: DeploymentEndpoint): boolean {
  return endpoint.kind === 'http' && endpoint.httpVersion === 'HTTP/1.1';
}
