/** What each side sends first, and what it sends last. Unit: bytes. */
export const FIRST_BYTES = 200;
export const SECOND_BYTES = 50;
