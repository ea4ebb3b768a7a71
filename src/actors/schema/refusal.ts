/** Why a change of the schema is refused. `message` is shown to the client. */
export interface SchemaRefusal {
  readonly kind:
    | 'reservedName'
    | 'serviceTypeChanged'
    | 'protocolRangeChanged'
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
