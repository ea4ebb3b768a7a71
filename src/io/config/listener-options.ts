// Where the servers listen: seven keys each for the node port, the ingress and the admin API. What the
// ingress and the admin API leave open they take from the root, except port and address.
import { ADVERTISED_ADDRESS, bindAddressType, IP_ADDRESS } from './address-type.ts';
import { option, optional, type OptionText } from './option.ts';
import { BOOLEAN, choiceType, integerType, textType } from './value-type.ts';

export const PORTS = { node: 5122, ingress: 8080, admin: 9070, sql: 9071 } as const;

const PORT = integerType(0, 65_535);
const HOST = textType('host');
const LISTEN_MODE = choiceType('unix', 'tcp', 'all');

/** Where the server `what` listens, whose options are in `table`. */
function listenerOptions(table: '' | 'ingress.' | 'admin.', what: string, port: number) {
  const isRoot = table === '';
  const text = (doc: string, unset: string): OptionText & { readonly unset: string } => ({
    doc,
    unset,
    flag: isRoot,
  });
  const inherited = (ofRoot: string): string => (isRoot ? ofRoot : 'as in the root');
  return {
    bindIp: optional(
      `${table}bind-ip`,
      IP_ADDRESS,
      text(`Interface that ${what} listens on.`, inherited('::')),
    ),
    bindPort: optional(
      `${table}bind-port`,
      PORT,
      text(`Port of ${what}; 0 lets the system choose.`, String(port)),
    ),
    bindAddress: optional(
      `${table}bind-address`,
      bindAddressType(port),
      text(`Interface and port of ${what}; wins over bind-ip and bind-port.`, 'unset'),
    ),
    advertisedHost: optional(
      `${table}advertised-host`,
      HOST,
      text(`Host in the address that ${what} is advertised with.`, inherited('the bound address')),
    ),
    advertisedAddress: optional(
      `${table}advertised-address`,
      ADVERTISED_ADDRESS,
      text(`Address that ${what} is advertised with.`, 'made from the host and the port'),
    ),
  };
}

const node = listenerOptions('', 'the node port', PORTS.node);
const ingress = listenerOptions('ingress.', 'the ingress', PORTS.ingress);
const admin = listenerOptions('admin.', 'the admin API', PORTS.admin);

const MODE_DOC = 'Unix sockets in the data directory, TCP, or both';
const RANDOM_DOC = 'Lets the system choose the ports that are not set';

export const LISTENER_OPTIONS = {
  listenMode: option('listen-mode', LISTEN_MODE, 'all', { doc: `${MODE_DOC}.`, flag: true }),
  useRandomPorts: option('use-random-ports', BOOLEAN, false, {
    doc: `${RANDOM_DOC}.`,
    flag: true,
  }),
  bindIp: node.bindIp,
  bindPort: node.bindPort,
  bindAddress: node.bindAddress,
  advertisedHost: node.advertisedHost,
  advertisedAddress: node.advertisedAddress,
  ingressListenMode: optional('ingress.listen-mode', LISTEN_MODE, {
    doc: `${MODE_DOC}, for the ingress.`,
    unset: 'as in the root',
  }),
  ingressUseRandomPorts: optional('ingress.use-random-ports', BOOLEAN, {
    doc: `${RANDOM_DOC}, for the ingress.`,
    unset: 'as in the root',
  }),
  ingressBindIp: ingress.bindIp,
  ingressBindPort: ingress.bindPort,
  ingressBindAddress: ingress.bindAddress,
  ingressAdvertisedHost: ingress.advertisedHost,
  ingressAdvertisedAddress: ingress.advertisedAddress,
  adminListenMode: optional('admin.listen-mode', LISTEN_MODE, {
    doc: `${MODE_DOC}, for the admin API.`,
    unset: 'as in the root',
  }),
  adminUseRandomPorts: optional('admin.use-random-ports', BOOLEAN, {
    doc: `${RANDOM_DOC}, for the admin API.`,
    unset: 'as in the root',
  }),
  adminBindIp: admin.bindIp,
  adminBindPort: admin.bindPort,
  adminBindAddress: admin.bindAddress,
  adminAdvertisedHost: admin.advertisedHost,
  adminAdvertisedAddress: admin.advertisedAddress,
  /** Of the reference up to 1.4. */
  pgsqlBindAddress: optional('admin.query-engine.pgsql-bind-address', bindAddressType(PORTS.sql), {
    doc: 'Interface and port for clients of PostgreSQL.',
    unset: `that of the admin API, port ${PORTS.sql}`,
  }),
} as const;
