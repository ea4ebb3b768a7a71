// Points at which handlers wait until the test lets them go on. Gates are not durable on purpose:
// they hold an attempt, not an invocation.

const open = new Set<string>();
const waiting = new Map<string, Set<() => void>>();

process.on('message', (message: unknown) => {
  if (typeof message === 'object' && message !== null && 'openGate' in message) {
    openGate(String(message.openGate));
  }
});

/** Waits until the test opens the gate; rejects when the attempt ends first. */
export function passGate(name: string, attemptCompleted: AbortSignal): Promise<void> {
  if (open.has(name)) return Promise.resolve();
  return new Promise((resolve, reject) => {
    const waiters = waiting.get(name) ?? new Set();
    waiting.set(name, waiters.add(resolve));
    attemptCompleted.addEventListener('abort', () => {
      waiters.delete(resolve);
      reject(new Error(`the attempt ended before gate '${name}' opened`));
    });
  });
}

function openGate(name: string): void {
  open.add(name);
  for (const release of waiting.get(name) ?? []) release();
  waiting.delete(name);
}
