// Whether something listens: on a unix socket or on a TCP port.
import { connect } from 'node:net';
import type { ReadySpec } from './spec.ts';

const ATTEMPT_MS = 1000;

/** Whether a connection is accepted now. */
export function isReady(ready: ReadySpec): Promise<boolean> {
  return new Promise((resolve) => {
    const socket =
      ready.kind === 'socket' ? connect({ path: ready.path }) : connect({ host: ready.host, port: ready.port });
    const finish = (answer: boolean) => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(ATTEMPT_MS, () => finish(false));
    socket.once('connect', () => finish(true));
    socket.once('error', () => finish(false));
  });
}
