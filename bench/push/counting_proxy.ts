// Counts what goes over the wire to a registry.
import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';

/** A way to the registry that counts. */
export interface CountingProxy extends AsyncDisposable {
  readonly endpoint: string;
  /** Bytes to the registry and back since it was asked last. */
  take(): number;
}

/** Forwards a free port of the loopback to `127.0.0.1:<port>`. */
export async function countingProxy(to: string): Promise<CountingProxy> {
  let bytes = 0;
  const port = Number(to.split(':')[1]);
  const server = createServer((client) => {
    const upstream = connect(port, '127.0.0.1');
    for (const [from, into] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      from.on('data', (chunk: Buffer) => (bytes += chunk.length));
      from.on('error', () => into.destroy());
      from.pipe(into);
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    endpoint: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    take: () => {
      const taken = bytes;
      bytes = 0;
      return taken;
    },
    [Symbol.asyncDispose]: async () => {
      server.close();
    },
  };
}
