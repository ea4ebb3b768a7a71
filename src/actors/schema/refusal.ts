/** Why a change of the schema is refused. `message` is shown to the client. */
export interface SchemaRefusal {
  readonly kind:
    | 'reservedName'
    | 'serviceTypeChanged'
    | 'protocolRangeChanged'
    | 'deploymentTypeChanged'
    | 'invalidManifest'
    | 'notRegistered'
    | 'alreadyExists'
    | 'retentionUnsupported'
    | 'invalidCluster'
    | 'clusterInUse'
    | 'unknownCluster'
    | 'invalidSubscription';
  readonly message: string;
}

export interface Refused {
  readonly kind: 'refused';
  readonly refusal: SchemaRefusal;
}

export function refused(kind: SchemaRefusal['kind'], message: string): Refused {
  return { kind: 'refused', refusal: { kind, message } };
}

export function invalidManifest(message: string): SchemaRefusal {
  return { kind: 'invalidManifest', message };
}

/** `what` names the thing, for example `kafka cluster 'x'`. */
export function notRegistered(what: string): Refused {
  return refused('notRegistered', `not found in the schema registry: ${what}`);
}

/** An update for one kind of deployment met one of the other kind, and names no complete new address. */
export function deploymentTypeChanged(stored: 'http' | 'lambda'): SchemaRefusal {
  const other = stored === 'http' ? 'lambda' : 'http';
  const message = `cannot update the deployment, as the deployment type is '${stored}' while the update options are for type '${other}'`;
  return { kind: 'deploymentTypeChanged', message };
}
