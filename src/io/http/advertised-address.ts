// The address by which others reach a listener, as far as it can be known here.
import { networkInterfaces } from 'node:os';
import { parseBindAddress, unixSocketPath } from './bind-address.ts';

export interface AdvertisedParts {
  /** Wins over everything else. */
  readonly address?: string | undefined;
  readonly host?: string | undefined;
}

/**
 * What is configured, else what was bound: the host as it is, or the first address of this machine that
 * others may reach when every interface was bound, IPv6 first. Source: seen on the reference 1.7.12.
 */
export function advertisedAddress(
  { address, host }: AdvertisedParts,
  bound: { readonly bindAddress: string; readonly url: string },
): string {
  if (address !== undefined) return address;
  if (unixSocketPath(bound.url) !== undefined) return bound.url;
  const { protocol, port } = new URL(bound.url);
  const reachable = host ?? reachableHost(parseBindAddress(bound.bindAddress).host);
  const name = reachable.includes(':') ? `[${reachable}]` : reachable;
  return `${protocol}//${name}${port === '' ? '' : `:${port}`}/`;
}

function reachableHost(boundHost: string): string {
  if (boundHost !== '::' && boundHost !== '0.0.0.0') return boundHost;
  const addresses = Object.values(networkInterfaces())
    .flatMap((found) => found ?? [])
    .filter(({ internal, address }) => !internal && !/^fe[89ab]/i.test(address));
  const v6 = addresses.find(({ family }) => family === 'IPv6' && boundHost === '::');
  const v4 = addresses.find(({ family }) => family === 'IPv4');
  return (v6 ?? v4)?.address ?? '127.0.0.1';
}
