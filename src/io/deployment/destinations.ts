// Where connections to deployments may go. Names are judged as they stand in the URI, addresses when a
// socket is about to connect to them: whatever a name resolved to at another time counts for nothing.
import { lookup as lookUp, type LookupAddress, type LookupOptions } from 'node:dns';
import { isIP, type LookupFunction } from 'node:net';
import { AddressRules } from '../http/address-rules.ts';

export interface DestinationSettings {
  /** Not empty: only these are reached. */
  readonly allowed: readonly string[];
  /** These never are, whatever is allowed. */
  readonly denied: readonly string[];
}

/** The connection was not even tried. */
export class DestinationDeniedError extends Error {
  override readonly name = 'DestinationDeniedError';
}

/** Finds the addresses of a name. */
export type Resolve = (
  name: string,
  options: LookupOptions & { readonly all: true },
  callback: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void,
) => void;

export class Destinations {
  readonly #allowed: AddressRules | undefined;
  readonly #denied: AddressRules;
  readonly #resolve: Resolve;

  constructor({ allowed, denied }: DestinationSettings, resolve: Resolve = lookUp) {
    this.#allowed = allowed.length === 0 ? undefined : new AddressRules(allowed);
    this.#denied = new AddressRules(denied);
    this.#resolve = resolve;
  }

  /** Why nothing may connect to the host; `undefined` for one that may be tried. */
  refusalOf(host: string): DestinationDeniedError | undefined {
    if (isIP(host) !== 0) {
      return this.#admitsAddress(host, false) ? undefined : denied(host);
    }
    return this.#denied.matchesName(host) ? denied(host) : undefined;
  }

  /** Of a host whose address somebody else will look up, a proxy. */
  refusalByName(host: string): DestinationDeniedError | undefined {
    const refusal = this.refusalOf(host);
    if (refusal !== undefined || isIP(host) !== 0) return refusal;
    return this.#allowed?.matchesName(host) === false ? denied(host) : undefined;
  }

  /** For sockets: finds only addresses that may be connected to. Not called for hosts that are some. */
  readonly lookup: LookupFunction = (host, options, callback) => {
    this.#resolve(host, { ...options, all: true }, (error, found) => {
      if (error !== null) {
        callback(error, '', 0);
        return;
      }
      const isAllowedName = this.#allowed?.matchesName(host) ?? true;
      const addresses = found.filter(({ address }) => this.#admitsAddress(address, isAllowedName));
      const [first] = addresses;
      if (first === undefined) {
        const all = found.map(({ address }) => address).join(', ');
        callback(denied(`${host} (${all})`), '', 0);
      } else if (options.all === true) {
        callback(null, addresses);
      } else {
        callback(null, first.address, first.family);
      }
    });
  };

  #admitsAddress(address: string, isAllowedName: boolean): boolean {
    if (this.#denied.matchesAddress(address)) return false;
    return isAllowedName || this.#allowed === undefined || this.#allowed.matchesAddress(address);
  }
}

function denied(what: string): DestinationDeniedError {
  return new DestinationDeniedError(
    `connections to ${what} are denied by worker.invoker.allowed-destinations or denied-destinations`,
  );
}
