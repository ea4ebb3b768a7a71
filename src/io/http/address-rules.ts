// Sets of hosts, written as lists: IP addresses, subnets, host names, `*.domain` for the names below a
// domain, `*` for every name.
import { BlockList, isIP, isIPv4 } from 'node:net';

/** Its last part is no number: that would be a mistyped address. */
const NAME = /^(?:\*|(?:\*\.)?(?:[a-z\d_-]+\.)*(?!\d+$)[a-z\d_-]+)$/i;

export function isAddressRule(text: string): boolean {
  return addRange(new BlockList(), text) || NAME.test(text);
}

/** Adds an IP address or a subnet; `false` when the text is neither. */
export function addRange(ranges: BlockList, text: string): boolean {
  const [address = '', bits, ...rest] = text.split('/');
  const version = isIP(address);
  if (version === 0 || rest.length > 0) return false;
  const bitsMax = version === 6 ? 128 : 32;
  if (bits !== undefined && !/^\d{1,3}$/.test(bits)) return false;
  const prefix = Number(bits ?? bitsMax);
  if (prefix > bitsMax) return false;
  ranges.addSubnet(address, prefix, familyOf(version));
  return true;
}

export function familyOf(version: number): 'ipv4' | 'ipv6' {
  return version === 6 ? 'ipv6' : 'ipv4';
}

export class AddressRules {
  readonly #ranges = new BlockList();
  readonly #names = new Set<string>();
  readonly #domains: string[] = [];

  constructor(rules: readonly string[]) {
    for (const rule of rules) {
      if (addRange(this.#ranges, rule)) continue;
      const name = rule.toLowerCase();
      if (name.startsWith('*')) this.#domains.push(name.slice(1));
      else this.#names.add(name);
    }
  }

  matchesName(host: string): boolean {
    const name = host.toLowerCase().replace(/\.$/, '');
    return this.#names.has(name) || this.#domains.some((domain) => name.endsWith(domain));
  }

  /** An IPv6 address that stands for an IPv4 address counts as either. */
  matchesAddress(text: string): boolean {
    const address = text.replace(/%.*$/, '');
    if (this.#ranges.check(address, familyOf(isIP(address)))) return true;
    const embedded = embeddedIpv4(address);
    return embedded !== undefined && this.#ranges.check(embedded, 'ipv4');
  }
}

/**
 * The IPv4 address that an IPv6 address leads to: by the prefix of NAT64 (RFC 6052), mapped and
 * compatible ones (RFC 4291, 2.5.5), 6to4 (RFC 3056).
 */
function embeddedIpv4(address: string): string | undefined {
  if (isIP(address) !== 6) return undefined;
  const groups = groupsOf(address);
  const isZero = (group: number): boolean => group === 0;
  const isMapped = groups.slice(0, 5).every(isZero) && groups[5] === 0xffff;
  const isCompatible = groups.slice(0, 6).every(isZero) && groups[6] !== 0;
  const isNat64 = groups[0] === 0x64 && groups[1] === 0xff9b && groups.slice(2, 6).every(isZero);
  if (isMapped || isCompatible || isNat64) return dotted(groups[6], groups[7]);
  return groups[0] === 0x2002 ? dotted(groups[1], groups[2]) : undefined;
}

function dotted(high = 0, low = 0): string {
  return [high >> 8, high & 0xff, low >> 8, low & 0xff].join('.');
}

/** The eight numbers of a valid IPv6 address. */
function groupsOf(address: string): readonly number[] {
  const [head = '', tail] = address.split('::');
  const before = numbersOf(head);
  const after = tail === undefined ? [] : numbersOf(tail);
  const zeros = Array.from({ length: 8 - before.length - after.length }, () => 0);
  return [...before, ...zeros, ...after];
}

function numbersOf(part: string): readonly number[] {
  if (part === '') return [];
  return part.split(':').flatMap((group) => {
    if (!isIPv4(group)) return [Number.parseInt(group, 16)];
    const [a = 0, b = 0, c = 0, d = 0] = group.split('.').map(Number);
    return [(a << 8) | b, (c << 8) | d];
  });
}
