/** Oldest service protocol version in use. Source: service protocol; 1 to 4 are legacy. */
export const PROTOCOL_VERSION_MIN = 5;

/** Newest service protocol version that can be spoken. Source: service protocol. */
export const PROTOCOL_VERSION_MAX = 7;

/** Newest version that new invocations get without the switch for version 7. Source: the reference's default. */
export const PROTOCOL_VERSION_MAX_DEFAULT = 6;

/** Whether a deployment that speaks `min` to `max` may be registered. Source: seen on the reference server. */
export function isRegistrableVersionRange(min: number, max: number): boolean {
  return min <= PROTOCOL_VERSION_MAX && max >= PROTOCOL_VERSION_MIN;
}

/** The version for a new invocation: the newest up to `versionMax` that both sides speak, if there is one. */
export function negotiateVersion(min: number, max: number, versionMax: number): number | undefined {
  const version = Math.min(max, versionMax);
  return version >= Math.max(min, PROTOCOL_VERSION_MIN) ? version : undefined;
}

/** Value of `content-type` and `accept` on an invocation request and of its response. */
export function serviceProtocolContentType(version: number): string {
  return `application/vnd.restate.invocation.v${version}`;
}
