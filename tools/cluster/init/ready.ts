// Whether something is ready: listens on a unix socket or TCP port, or answers 200 by https.
import { readFileSync } from 'node:fs';
import { get } from 'node:https';
import { connect } from 'node:net';
import type { ReadySpec } from './spec.ts';

const ATTEMPT_MS = 1000;

/** Whether a connection is accepted, or the address answers 200, now. */
export function isReady(ready: ReadySpec): Promise<boolean> {
  return ready.kind === 'https' ? answersOk(ready) : accepts(ready);
}

function accepts(ready: Exclude<ReadySpec, { kind: 'https' }>): Promise<boolean> {
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

function answersOk({ url, ca, cert, key }: Extract<ReadySpec, { kind: 'https' }>): Promise<boolean> {
  return new Promise((resolve) => {
    const files = { ca: readFileSync(ca), cert: readFileSync(cert), key: readFileSync(key) };
    const request = get(url, { ...files, agent: false, timeout: ATTEMPT_MS }, (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    });
    request.once('timeout', () => request.destroy(new Error('timed out')));
    request.once('error', () => resolve(false));
  });
}
