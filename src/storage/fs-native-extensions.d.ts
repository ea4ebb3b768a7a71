declare module 'fs-native-extensions' {
  /** Takes an exclusive lock on the whole open file; false when another one holds it. */
  export function tryLock(fileDescriptor: number): boolean;
}
