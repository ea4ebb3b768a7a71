// How addresses are written in options.
import { isIP } from 'node:net';
import { accept, expected, textOf, type ValueType } from './value-type.ts';

const IPV4_WITH_PORT = /^([^:]+)(?::(\d{1,5}))?$/;
const IPV6_WITH_PORT = /^\[([^\]]+)\](?::(\d{1,5}))?$/;

/** `ip`, `ip:port`, `[v6]` or `[v6]:port`, always returned with a port. Port 0 lets the system choose. */
export function bindAddressType(defaultPort: number): ValueType<string> {
  return {
    placeholder: 'ip[:port]',
    parse(raw) {
      const address = parseBindAddress(textOf(raw) ?? '', defaultPort);
      return address === undefined
        ? expected('an IP address such as 0.0.0.0:8080, [::]:8080 or 127.0.0.1', raw)
        : accept(address);
    },
    show: (value) => value,
  };
}

function parseBindAddress(text: string, defaultPort: number): string | undefined {
  if (isIP(text) === 6) return `[${text}]:${defaultPort}`;
  const match = IPV6_WITH_PORT.exec(text) ?? IPV4_WITH_PORT.exec(text);
  if (match === null) return undefined;
  const [, host = '', port = String(defaultPort)] = match;
  if (isIP(host) === 0 || Number(port) > 65_535) return undefined;
  const isBracketed = text.startsWith('[');
  if (isBracketed !== (isIP(host) === 6)) return undefined;
  return `${isBracketed ? `[${host}]` : host}:${Number(port)}`;
}

export const IP_ADDRESS: ValueType<string> = {
  placeholder: 'ip',
  parse(raw) {
    const text = textOf(raw);
    return text !== undefined && isIP(text) !== 0
      ? accept(text)
      : expected('an IP address such as 127.0.0.1 or ::', raw);
  },
  show: (value) => value,
};

/**
 * Where others reach a listener: a URL, brought into its normal form, `unix:` with a path, or any text
 * that whoever reads it understands. It is shown and never connected to.
 */
export const ADVERTISED_ADDRESS: ValueType<string> = {
  placeholder: 'url',
  parse(raw) {
    const text = textOf(raw);
    if (text === undefined || text === '') return expected('a URL or unix:PATH', raw);
    return accept(/^https?:/.test(text) && URL.canParse(text) ? new URL(text).href : text);
  },
  show: (value) => value,
};

/** The URI of an HTTP proxy; without a scheme it is `http:`. */
export const PROXY_URI: ValueType<string> = {
  placeholder: 'url',
  parse(raw) {
    const text = textOf(raw) ?? '';
    const uri = text.includes('://') ? text : `http://${text}`;
    return /^https?:/i.test(uri) && URL.canParse(uri)
      ? accept(new URL(uri).href)
      : expected('the URI of a proxy such as http://127.0.0.1:3128', raw);
  },
  show: (value) => value,
};
