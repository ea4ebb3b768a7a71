// The HTTP proxy between this server and its deployments, and which of them are reached without it.
// As on the reference server 1.7.12, a proxy is connected to instead of the deployment and gets the
// same bytes as the deployment would; only `http:` deployments go through it.
import { BlockList, isIP } from 'node:net';

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
    for (const rule of rules) this.#addRange(rule);
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

  #addRange(rule: string): void {
    const [address = '', bits] = rule.split('/');
    const version = isIP(address);
    if (version === 0) return;
    const prefix = Number(bits ?? (version === 6 ? 128 : 32));
    if (prefix <= (version === 6 ? 128 : 32)) {
      this.#addresses.addSubnet(address, prefix, familyOf(version));
    }
  }
}

function familyOf(version: number): 'ipv4' | 'ipv6' {
  return version === 6 ? 'ipv6' : 'ipv4';
}

/** Square brackets mark an IPv6 address in a URI only. */
function withoutBrackets(host: string): string {
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
