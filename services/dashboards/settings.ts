// What the server can be told.
import { optional, text, url, wholeNumber } from '../kit/index.ts';
import { MAX_SERIES } from './prometheus.ts';
import { SCRAPE_SECONDS } from './scrape_interval.ts';

export const SETTINGS = {
  port: wholeNumber('PORT', { min: 0, max: 65_535, fallback: 8080 }),
  metricsPort: wholeNumber('METRICS_PORT', { min: 0, max: 65_535, fallback: 9464 }),
  prometheus: url('PROMETHEUS_URL', new URL('http://prometheus.monitoring.svc:9090')),
  /** Beside addresses, localhost, and names of Services: the names by which browsers may call, with commas between. */
  hosts: text('ALLOWED_HOSTS', 'localhost'),
  /** Where the repository's pages are: what a runbook that is a path leads to. Default: it is shown as the path. */
  runbooks: optional(url('RUNBOOKS_URL')),
  /** How often Prometheus looks by itself, where no dashboard says otherwise of what it shows. */
  scrapeSeconds: wholeNumber('SCRAPE_INTERVAL_SECONDS', { min: 1, max: 3600, fallback: SCRAPE_SECONDS }),
  maxSeries: wholeNumber('MAX_SERIES', { min: 1, max: 10_000, fallback: MAX_SERIES }),
  maxPoints: wholeNumber('MAX_POINTS', { min: 10, max: 11_000, fallback: 1000 }),
  maxAnswerBytes: wholeNumber('MAX_ANSWER_BYTES', { min: 10_000, max: 1_000_000_000, fallback: 16_777_216 }),
  queryTimeoutMs: wholeNumber('QUERY_TIMEOUT_MS', { min: 100, max: 600_000, fallback: 30_000 }),
  maxConcurrency: wholeNumber('MAX_CONCURRENT_QUERIES', { min: 1, max: 1000, fallback: 8 }),
  drainMs: wholeNumber('DRAIN_TIMEOUT_MS', { min: 0, max: 600_000, fallback: 10_000 }),
} as const;
