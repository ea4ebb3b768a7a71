/** How long the `sleep` handler sleeps. Unit: milliseconds. */
export const SLEEP_MS = 10;
