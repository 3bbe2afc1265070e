// The server of a test, in the test's own process, and what asks it.
import { Agent, request } from 'node:http';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createLogger, createMetrics } from '../../kit/index.ts';
import type { KubeClient } from '../../../tools/k8s/kube/client.ts';
import { type DashboardsOptions, type DashboardsServer, startDashboards } from '../server.ts';

export interface Running {
  readonly server: DashboardsServer;
  readonly url: string;
  /** The parsed answer of a path, with its status. */
  get<T>(path: string): Promise<{ readonly status: number; readonly body: T }>;
  stop(): Promise<void>;
}

/** Starts a server with limits that tests reach. */
export async function startServer(
  client: KubeClient,
  prometheus: URL,
  options: Partial<DashboardsOptions> = {},
): Promise<Running> {
  const folder = await mkdtemp(join(tmpdir(), 'fathom-dashboards-'));
  await writeFile(join(folder, 'index.html'), '<!doctype html><title>Dashboards</title>');
  const ending = new AbortController();
  const server = await startDashboards({
    port: 0,
    host: '127.0.0.1',
    prometheus,
    hosts: 'dashboards.example.com',
    scrapeSeconds: 30,
    maxSeries: 200,
    maxPoints: 1000,
    maxAnswerBytes: 16_777_216,
    queryTimeoutMs: 20_000,
    maxConcurrency: 8,
    assets: folder,
    client,
    metrics: createMetrics(),
    log: createLogger({ service: 'dashboards', level: 'silent' }),
    signal: ending.signal,
    ...options,
  });
  const url = `http://127.0.0.1:${server.port}`;
  return {
    server,
    url,
    get: async <T>(path: string) => {
      const response = await fetch(`${url}${path}`, { signal: AbortSignal.timeout(60_000) });
      return { status: response.status, body: (await response.json()) as T };
    },
    stop: async () => {
      ending.abort(new Error('the test ends'));
      await server.stop(1000);
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Asks with headers that fetch would not send. */
export function rawRequest(
  url: string,
  options: { readonly method?: string; readonly headers?: Readonly<Record<string, string>> } = {},
): Promise<{ readonly status: number; readonly headers: Readonly<Record<string, unknown>>; readonly text: string }> {
  return new Promise((resolve, reject) => {
    const sent = request(url, { ...options, agent: new Agent() }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, text }));
    });
    sent.on('error', reject).end();
  });
}

/** The value of `ask` once `isWanted`; fails after `timeoutMs`. */
export async function eventually<T>(
  ask: () => Promise<T>,
  isWanted: (value: T) => boolean,
  timeoutMs = 20_000,
): Promise<T> {
  const deadlineMs = performance.now() + timeoutMs;
  for (;;) {
    const value = await ask();
    if (isWanted(value)) return value;
    if (performance.now() > deadlineMs)
      throw new Error(`Not as wanted within ${timeoutMs} ms: ${JSON.stringify(value)}`);
    await sleep(50);
  }
}
