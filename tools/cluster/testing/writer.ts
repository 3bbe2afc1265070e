// Load on a cluster's API: objects are made one after the other, and those that it acknowledged are remembered.
import { readFileSync } from 'node:fs';
import { Agent, request } from 'node:https';
import { setTimeout as sleep } from 'node:timers/promises';

const REQUEST_MS = 5000;
const PAUSE_MS = 20;

/** What came of it. */
export interface Written {
  /** Names of the ConfigMaps that the API said it had made. */
  readonly acknowledged: readonly string[];
  /** How many attempts failed. */
  readonly failed: number;
}

/** Writes ConfigMaps into namespace `default` by a kubeconfig until the signal is aborted, for ten minutes at most. */
export async function writeUntil(kubeconfig: string, signal: AbortSignal): Promise<Written> {
  const { server, ...identity } = clientOf(kubeconfig);
  const agent = new Agent({ keepAlive: true, maxSockets: 1, ...identity });
  const acknowledged: string[] = [];
  let failed = 0;
  const untilMs = performance.now() + 600_000;
  for (let number = 0; !signal.aborted && performance.now() < untilMs; number += 1) {
    const name = `written-${number}`;
    const made = await post(`${server}/api/v1/namespaces/default/configmaps`, agent, {
      metadata: { name, labels: { written: 'yes' } },
    });
    if (made) acknowledged.push(name);
    else failed += 1;
    await sleep(PAUSE_MS);
  }
  agent.destroy();
  return { acknowledged, failed };
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
