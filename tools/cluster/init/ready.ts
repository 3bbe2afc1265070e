// Whether something is ready: listens on a unix socket or TCP port, or answers 200 by https.
import { readFileSync } from 'node:fs';
import { Agent, get } from 'node:https';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ReadySpec } from './spec.ts';

const ATTEMPT_MS = 1000;
const POLL_MS = 50;

/** Resolves with true when a connection is accepted, or the address answers 200; with false as soon as `isGivenUp`. */
export async function untilReady(ready: ReadySpec, isGivenUp: () => boolean): Promise<boolean> {
  // One connection for all attempts: a server that starts has better to do than to shake hands twenty times a second.
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  try {
    while (!isGivenUp()) {
      if (await (ready.kind === 'https' ? answersOk(ready, agent) : accepts(ready))) return true;
      await sleep(POLL_MS);
    }
    return false;
  } finally {
    agent.destroy();
  }
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

function answersOk({ url, ca, cert, key }: Extract<ReadySpec, { kind: 'https' }>, agent: Agent): Promise<boolean> {
  return new Promise((resolve) => {
    const files = { ca: readFileSync(ca), cert: readFileSync(cert), key: readFileSync(key) };
    const request = get(url, { ...files, agent, timeout: ATTEMPT_MS }, (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    });
    request.once('timeout', () => request.destroy(new Error('timed out')));
    request.once('error', () => resolve(false));
  });
}
