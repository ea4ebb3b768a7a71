/** Why a change of the schema is refused. `message` is shown to the client. */
export interface SchemaRefusal {
  readonly kind: 'reservedName' | 'serviceTypeChanged' | 'protocolRangeChanged' | 'invalidManifest';
  readonly message: string;
}

export function invalidManifest(message: string): SchemaRefusal {
  return { kind: 'invalidManifest', message };
}
