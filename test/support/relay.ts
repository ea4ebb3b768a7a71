import * as net from 'node:net';

/** A proxy that forwards every connection as it is to one place. */
export interface Relay {
  readonly url: string;
  connectionsCount(): number;
  forwardTo(url: string): void;
  close(): Promise<void>;
}

export async function startRelay(): Promise<Relay> {
  const sockets = new Set<net.Socket>();
  let connectionsCount = 0;
  let target: { readonly host: string; readonly port: number } | undefined;
  const keep = (socket: net.Socket): void => {
    sockets.add(socket);
    socket.on('error', () => socket.destroy());
  };
  const server = net.createServer((socket) => {
    keep(socket);
    connectionsCount += 1;
    if (target === undefined) {
      socket.destroy();
      return;
    }
    const onward = net.connect(target);
    keep(onward);
    socket.pipe(onward);
    onward.pipe(socket);
    socket.on('close', () => onward.destroy());
    onward.on('close', () => socket.destroy());
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('no port is bound');
  return {
    url: `http://127.0.0.1:${address.port}/`,
    connectionsCount: () => connectionsCount,
    forwardTo: (url) => {
      const { hostname, port } = new URL(url);
      target = { host: hostname, port: Number(port) };
    },
    close: () => {
      for (const socket of sockets) socket.destroy();
      return new Promise((resolve) => {
        server.close(() => resolve());
      });
    },
  };
}
