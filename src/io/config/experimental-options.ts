// Options that the reference server calls experimental.
import { option } from './option.ts';
import { BOOLEAN } from './value-type.ts';

export const EXPERIMENTAL_OPTIONS = {
  vqueues: option('experimental-enable-vqueues', BOOLEAN, false, {
    doc: 'Invocations can be put into scopes, where rules limit how many run at once.',
  }),
  scopedVirtualObjects: option('experimental-enable-scoped-virtual-objects', BOOLEAN, false, {
    doc: 'Invocations of virtual objects can be put into scopes, too.',
  }),
  protocolV7: option('experimental-enable-protocol-v7', BOOLEAN, false, {
    doc: 'New invocations use version 7 of the service protocol where their deployment does.',
  }),
} as const;
