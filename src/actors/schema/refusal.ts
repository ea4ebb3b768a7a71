/** Why a change of the schema is refused. `message` is shown to the client. */
export interface SchemaRefusal {
  readonly kind:
    | 'reservedName'
    | 'serviceTypeChanged'
    | 'protocolRangeChanged'
    | 'deploymentTypeChanged'
    | 'invalidManifest';
  readonly message: string;
}

export function invalidManifest(message: string): SchemaRefusal {
  return { kind: 'invalidManifest', message };
}

/** An update for one kind of deployment met one of the other kind, and names no complete new address. */
export function deploymentTypeChanged(stored: 'http' | 'lambda'): SchemaRefusal {
  const other = stored === 'http' ? 'lambda' : 'http';
  const message = `cannot update the deployment, as the deployment type is '${stored}' while the update options are for type '${other}'`;
  return { kind: 'deploymentTypeChanged', message };
}
