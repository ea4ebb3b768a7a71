import { createServer } from 'node:net';

/**
 * Ports are taken below the range from which the system gives source ports to outgoing connections:
 * a server that is killed and restarted on its port would otherwise find it in use by a client.
 */
const PORT_MIN = 12_000;
const PORT_MAX = 31_999;

/** Finds ports on 127.0.0.1 that nothing listens on at this moment. */
export async function findFreePorts(count: number): Promise<readonly number[]> {
  const found = new Set<number>();
  for (let tries = 0; found.size < count; tries++) {
    if (tries > 200) throw new Error(`found only ${found.size} of ${count} free ports`);
    const port = PORT_MIN + Math.floor(Math.random() * (PORT_MAX - PORT_MIN));
    if (await isFree(port)) found.add(port);
  }
  return [...found];
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', () => resolve(false));
    probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(true)));
  });
}
