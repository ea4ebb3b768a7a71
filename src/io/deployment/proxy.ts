// The HTTP proxy between this server and its deployments, and which of them are reached without it.
// As on the reference server 1.7.12, a proxy is connected to instead of the deployment and gets the
// same bytes as the deployment would; only `http:` deployments go through it.
import { BlockList, isIP } from 'node:net';
import { addRange, familyOf } from '../http/address-rules.ts';

/** Where a connection goes. */
export interface Place {
  readonly host: string;
  readonly port: number;
  readonly secure: boolean;
}

export interface ProxySettings {
  /** Absolute `http:` or `https:` URI. */
  readonly uri: string;
  /** Host names with their subdomains, IP addresses, subnets; `*` is every host name. */
  readonly except: readonly string[];
}

export class Proxy {
  readonly #place: Place;
  readonly #domains: readonly string[];
  readonly #exceptAllNames: boolean;
  readonly #addresses = new BlockList();

  constructor({ uri, except }: ProxySettings) {
    this.#place = placeOf(new URL(uri));
    const rules = except.map((rule) => rule.trim().toLowerCase());
    this.#exceptAllNames = rules.includes('*');
    this.#domains = rules.map((rule) => rule.replace(/^\./, ''));
    for (const rule of rules) addRange(this.#addresses, rule);
  }

  /** Where to connect to for the deployment at `target`. */
  placeFor(target: Place): Place {
    return target.secure || this.#isException(target.host) ? target : this.#place;
  }

  #isException(hostInUri: string): boolean {
    const host = withoutBrackets(hostInUri);
    const version = isIP(host);
    if (version !== 0) return this.#addresses.check(host, familyOf(version));
    const name = host.toLowerCase();
    return (
      this.#exceptAllNames ||
      this.#domains.some((domain) => name === domain || name.endsWith(`.${domain}`))
    );
  }
}

/** Square brackets mark an IPv6 address in a URI only. */
export function withoutBrackets(host: string): string {
  return host.replace(/^\[|\]$/g, '');
}

/** Host and port of a URL, the port of its scheme when it names none. */
export function placeOf(url: URL): Place {
  const secure = url.protocol === 'https:';
  return {
    host: withoutBrackets(url.hostname),
    port: url.port === '' ? (secure ? 443 : 80) : Number(url.port),
    secure,
  };
}
