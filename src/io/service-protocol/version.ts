/** Oldest service protocol version in use. Source: service protocol; 1 to 4 are legacy. */
export const PROTOCOL_VERSION_MIN = 5;

/** Newest service protocol version that attempts speak. Source: the reference's default. */
export const PROTOCOL_VERSION_MAX = 6;

/** Versions of which a deployment must offer one to be registered. Source: seen on the reference. */
export const REGISTRABLE_PROTOCOL_VERSIONS = { min: 5, max: 7 } as const;

/** Whether an attempt can speak this version, for example the one an invocation is pinned to. */
export function isSupportedVersion(version: number): boolean {
  return version >= PROTOCOL_VERSION_MIN && version <= PROTOCOL_VERSION_MAX;
}

/** Whether a deployment that speaks `min` to `max` may be registered. */
export function isRegistrableVersionRange(min: number, max: number): boolean {
  return min <= REGISTRABLE_PROTOCOL_VERSIONS.max && max >= REGISTRABLE_PROTOCOL_VERSIONS.min;
}

/** The version for a new invocation: the newest that both sides speak, if there is one. */
export function negotiateVersion(min: number, max: number): number | undefined {
  const version = Math.min(max, PROTOCOL_VERSION_MAX);
  return version >= Math.max(min, PROTOCOL_VERSION_MIN) ? version : undefined;
}

/** Value of `content-type` and `accept` on an invocation request and of its response. */
export function serviceProtocolContentType(version: number): string {
  return `application/vnd.restate.invocation.v${version}`;
}
