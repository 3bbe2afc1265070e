// A port of this machine that leads to a port of a cluster, through the API server: no route to pods is needed.
import { once } from 'node:events';
import { type Socket, createServer } from 'node:net';
import { ToolError, errorText } from '../../lib/errors.ts';
import { retry } from '../../lib/retry.ts';
import type { KubeClient } from '../kube/client.ts';
import { openChannel, pump } from './channel.ts';
import { handshakeReason } from './socket.ts';
import { type ForwardTarget, podPortsOf, targetText } from './target.ts';

/** A forwarded port. */
export interface Forward {
  /** `127.0.0.1:port`. */
  readonly address: string;
  /** Ends the port and every connection through it. */
  close(): Promise<void>;
}

/** Options of {@link forwardPort}. */
export interface ForwardOptions {
  readonly namespace: string;
  readonly target: ForwardTarget;
  /** The port of this machine. Default: any free one. */
  readonly port?: number;
  /** How long a connection waits for a pod that is ready, in milliseconds. Default: 20 000. */
  readonly readyWithinMs?: number;
  readonly signal: AbortSignal;
  /** Called where a connection could not be made or was refused. Default: nothing. */
  readonly onProblem?: (problem: string) => void;
}

/**
 * Listens on loopback. Each connection goes to one of the pods that are ready by then, so that a forward outlives pods;
 * connections that a pod had end with it. Throws K8S_FORWARD_TARGET where the target is none, before it listens.
 */
export async function forwardPort(client: KubeClient, options: ForwardOptions): Promise<Forward> {
  const { namespace, target, onProblem = () => undefined } = options;
  await podPortsOf(client, namespace, target);
  const closing = new AbortController();
  const signal = AbortSignal.any([options.signal, closing.signal]);
  const sockets = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true, pauseOnConnect: true }, (local) => {
    sockets.add(local);
    local.on('close', () => sockets.delete(local)).on('error', () => local.destroy());
    connect(client, { ...options, signal }).then(
      (remote) => {
        pump(local, remote, { onRefused: (reason) => onProblem(`${targetText(target)}: ${reason.trim()}`) });
        local.resume();
      },
      (error: unknown) => {
        if (!signal.aborted) onProblem(errorText(error));
        local.destroy();
      },
    );
  });
  server.listen(options.port ?? 0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('a TCP server has a port');
  return {
    address: `127.0.0.1:${address.port}`,
    close: async () => {
      closing.abort(new Error('the forward is closed'));
      for (const socket of sockets) socket.destroy();
      await new Promise((done) => server.close(done));
    },
  };
}

/** There is a pod of the target, but none that is ready. */
class NoReadyPodError extends ToolError {
  constructor(namespace: string, target: ForwardTarget) {
    super('K8S_FORWARD_NO_POD', `Forwarding to ${targetText(target)} in ${namespace}: none of its pods is ready`, {
      hint: 'Look at the pods: `.status` of the stack says why they are not.',
    });
  }
}

async function connect(client: KubeClient, options: ForwardOptions & { readonly signal: AbortSignal }) {
  const { namespace, target, signal, readyWithinMs = 20_000 } = options;
  return retry(
    async () => {
      const ports = await podPortsOf(client, namespace, target);
      const to = ports[Math.floor(Math.random() * ports.length)];
      if (to === undefined) throw new NoReadyPodError(namespace, target);
      return openChannel(client, { namespace, to, signal });
    },
    {
      signal,
      deadlineMs: readyWithinMs,
      attempts: 100,
      baseMs: 100,
      maxMs: 1000,
      reason: (error) => (error instanceof NoReadyPodError ? {} : handshakeReason(error)),
    },
  );
}
