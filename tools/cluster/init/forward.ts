// A TCP forwarder: what connects to a loopback port of the host reaches a port inside the cluster.
import { connect, createServer, type Server, type Socket } from 'node:net';

/** Options of {@link forward}. */
export interface ForwardOptions {
  /** Where to listen; always on 127.0.0.1. */
  readonly port: number;
  /** Where connections go. */
  readonly target: { readonly host: string; readonly port: number };
  /** Milliseconds until an attempt to reach the target is given up. Default: 5000. */
  readonly connectTimeoutMs?: number;
}

/** Starts forwarding; resolves once it listens. Half-closed connections stay half-closed. */
export function forward(options: ForwardOptions): Promise<Server> {
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (client) => join(client, options));
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port, '127.0.0.1', () => resolve(server));
  });
}

function join(client: Socket, { target, connectTimeoutMs = 5000 }: ForwardOptions): void {
  const upstream = connect({ ...target, allowHalfOpen: true, noDelay: true });
  const timer = setTimeout(() => upstream.destroy(new Error('timed out')), connectTimeoutMs);
  upstream.once('connect', () => {
    clearTimeout(timer);
    client.pipe(upstream).pipe(client);
  });
  // One side's failure is the other's reset: a client must not take a broken stream for a complete one.
  client.on('error', () => upstream.destroy());
  upstream.on('error', () => {
    clearTimeout(timer);
    client.resetAndDestroy();
  });
  client.on('close', () => upstream.destroy());
  upstream.on('close', () => client.destroy());
}
