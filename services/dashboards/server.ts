// The parts of the server, put together.
import { Counter, Gauge, Histogram, type Logger, type Metrics } from '../kit/index.ts';
import type { KubeClient } from '../../tools/k8s/kube/client.ts';
import { DEPLOYS_LABEL } from '../../tools/k8s/model/deploys.ts';
import { createApi } from './api.ts';
import { readAssets } from './assets.ts';
import { createCatalog, DASHBOARD_LABEL } from './catalog.ts';
import { createDeploys } from './deploys.ts';
import { type HttpServer, startHttp } from './http.ts';
import { createPrometheus } from './prometheus.ts';
import { watchObjects } from './watch.ts';

/** Options of {@link startDashboards}; those of time, size and number are settings.ts'. */
export interface DashboardsOptions {
  readonly port: number;
  /** Default: all interfaces. */
  readonly host?: string;
  readonly prometheus: URL;
  /** With commas between. */
  readonly hosts: string;
  /** Where the repository's pages are. Default: unknown, so that a runbook that is a path is no link. */
  readonly runbooks?: URL | undefined;
  readonly scrapeSeconds: number;
  readonly maxSeries: number;
  readonly maxPoints: number;
  readonly maxAnswerBytes: number;
  readonly queryTimeoutMs: number;
  readonly maxConcurrency: number;
  /** Error budgets that are told of. Default: 1000. */
  readonly maxBudgets?: number;
  /** Of the page's files. */
  readonly assets: string;
  readonly client: KubeClient;
  readonly metrics: Metrics;
  readonly log: Logger;
  readonly signal: AbortSignal;
}

export interface DashboardsServer extends HttpServer {
  /** Whether it has seen which dashboards there are. */
  readonly isReady: boolean;
}

const SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];
const MAX_VALUES = 1000;

/** Watches, listens, and knows nothing that it would have to keep: one that ends is replaced by another. */
export async function startDashboards(options: DashboardsOptions): Promise<DashboardsServer> {
  const { client, metrics, log, signal } = options;
  const catalog = createCatalog();
  const deploys = createDeploys();
  const measures = measuresOf(metrics);
  catalog.onUpdate(() => {
    const { dashboards, faults, stale } = catalog.list();
    const wrong = faults.length + dashboards.filter(({ problems }) => problems.length > 0).length;
    measures.dashboards.set({ state: 'good' }, dashboards.length + faults.length - wrong);
    measures.dashboards.set({ state: 'faulty' }, wrong);
    if (stale === undefined) log.info({ dashboards: dashboards.length, faulty: wrong }, 'dashboards have changed');
    else log.warn({ stale }, 'dashboards may be old');
  });
  const prometheus = createPrometheus({
    url: options.prometheus,
    timeoutMs: options.queryTimeoutMs,
    maxConcurrency: options.maxConcurrency,
    maxAnswerBytes: options.maxAnswerBytes,
    maxSeries: options.maxSeries,
    onQuestion: (outcome, seconds) => measures.questions.observe({ outcome }, seconds),
  });
  const { maxPoints, maxBudgets, runbooks, scrapeSeconds } = options;
  const api = createApi({
    ...{ catalog, prometheus, deploys, runbooks, scrapeSeconds },
    ...{ maxPoints, maxBudgets, maxValues: MAX_VALUES },
  });
  const http = await startHttp({
    port: options.port,
    ...(options.host === undefined ? {} : { host: options.host }),
    assets: await readAssets(options.assets),
    hosts: options.hosts.split(',').map((host) => host.trim()),
    api,
    log,
    onAnswer: (route, status, seconds) => {
      measures.answers.inc({ route, code: String(status) });
      // How long a page was open is no measure of the server.
      if (route !== 'events') measures.seconds.observe({ route }, seconds);
    },
  });
  // They can't fail: what fails is told to the listeners, and tried again.
  for (const [label, listener] of [
    [DASHBOARD_LABEL, catalog],
    [DEPLOYS_LABEL, deploys],
  ] as const) {
    void watchObjects(client, { path: '/api/v1/configmaps', labelSelector: `${label}=true`, signal, listener, log });
  }
  return {
    ...http,
    get isReady() {
      return catalog.isFilled;
    },
  };
}

function measuresOf(metrics: Metrics) {
  const registers = [metrics];
  return {
    answers: new Counter({
      name: 'dashboards_http_requests_total',
      help: 'Requests that were answered, by what they asked for.',
      labelNames: ['route', 'code'],
      registers,
    }),
    seconds: new Histogram({
      name: 'dashboards_http_request_seconds',
      help: 'How long answers took, event streams left out.',
      labelNames: ['route'],
      buckets: SECONDS,
      registers,
    }),
    questions: new Histogram({
      name: 'dashboards_prometheus_seconds',
      help: 'How long Prometheus took, by what came of it.',
      labelNames: ['outcome'],
      buckets: SECONDS,
      registers,
    }),
    dashboards: new Gauge({
      name: 'dashboards_known',
      help: 'Dashboards in the cluster: good, or faulty in part or whole.',
      labelNames: ['state'],
      registers,
    }),
  };
}
