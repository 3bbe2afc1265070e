// Load on a cluster's API: objects are made one after the other, and those that it acknowledged are remembered.
import { readFileSync } from 'node:fs';
import { Agent, request } from 'node:https';
import { setTimeout as sleep } from 'node:timers/promises';

const REQUEST_MS = 5000;
const PAUSE_MS = 50;

/** A writer at work. */
export interface Writer {
  /** Names of the ConfigMaps that the API has said it made, until now. */
  readonly acknowledged: readonly string[];
  /** Ends it; resolves when it has ended. */
  stop(): Promise<void>;
}

/** Writes ConfigMaps into namespace `default` by a kubeconfig until it is stopped, for ten minutes at most. */
export function startWriter(kubeconfig: string): Writer {
  const { server, ...identity } = clientOf(kubeconfig);
  const agent = new Agent({ keepAlive: true, maxSockets: 1, ...identity });
  const acknowledged: string[] = [];
  const stopped = new AbortController();
  const untilMs = performance.now() + 600_000;
  const write = async () => {
    for (let number = 0; !stopped.signal.aborted && performance.now() < untilMs; number += 1) {
      const metadata = { name: `written-${number}`, labels: { written: 'yes' } };
      if (await post(`${server}/api/v1/namespaces/default/configmaps`, agent, { metadata })) {
        acknowledged.push(metadata.name);
      }
      await sleep(PAUSE_MS);
    }
    agent.destroy();
  };
  const writing = write();
  return {
    acknowledged,
    stop: () => {
      stopped.abort();
      return writing;
    },
  };
}

function post(url: string, agent: Agent, body: object): Promise<boolean> {
  return new Promise((resolve) => {
    const options = { agent, method: 'POST', timeout: REQUEST_MS, headers: { 'content-type': 'application/json' } };
    const call = request(url, options, (response) => {
      response.resume();
      response.once('end', () => resolve(response.statusCode === 201));
      response.once('error', () => resolve(false));
    });
    call.once('timeout', () => call.destroy(new Error('timed out')));
    call.once('error', () => resolve(false));
    call.end(JSON.stringify(body));
  });
}

function clientOf(path: string) {
  const { clusters, users } = JSON.parse(readFileSync(path, 'utf8')) as {
    clusters: readonly [{ cluster: Readonly<Record<string, string>> }];
    users: readonly [{ user: Readonly<Record<string, string>> }];
  };
  const [{ cluster }] = clusters;
  const [{ user }] = users;
  const decoded = (text = '') => Buffer.from(text, 'base64');
  return {
    server: cluster['server'] ?? '',
    ca: decoded(cluster['certificate-authority-data']),
    cert: decoded(user['client-certificate-data']),
    key: decoded(user['client-key-data']),
  };
}
