// Prometheus' HTTP API, with limits: https://prometheus.io/docs/prometheus/latest/querying/api/
import pLimit from 'p-limit';

/** Of a query, unless somebody says otherwise: more lines than that nobody can tell apart. */
export const MAX_SERIES = 200;

/** A vector's or a matrix's series: pairs of seconds and text. */
export interface RawSeries {
  readonly metric: Readonly<Record<string, string>>;
  readonly values: readonly (readonly [number, string])[];
}

/** Why Prometheus did not answer as wanted; `kind` says what to do about it. */
export class PrometheusError extends Error {
  readonly kind: 'unreachable' | 'timeout' | 'refused' | 'busy' | 'tooLarge';

  constructor(kind: PrometheusError['kind'], message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'PrometheusError';
    this.kind = kind;
  }
}

/** Options of {@link createPrometheus}. */
export interface PrometheusOptions {
  readonly url: URL;
  /** Of one question. */
  readonly timeoutMs: number;
  /** Questions at a time; as many again times ten may wait. */
  readonly maxConcurrency: number;
  /** Of one answer. */
  readonly maxAnswerBytes: number;
  readonly maxSeries: number;
  /** Told of each question. Default: nothing. */
  readonly onQuestion?: (outcome: 'ok' | PrometheusError['kind'], seconds: number) => void;
}

/** Series, of which there may be more than were taken. */
export interface RawAnswer {
  readonly series: readonly RawSeries[];
  /** Why there are fewer than Prometheus has. */
  readonly limited?: string;
}

export interface RangeQuestion {
  readonly expr: string;
  /** Seconds since 1970. */
  readonly start: number;
  readonly end: number;
  readonly step: number;
  readonly signal: AbortSignal;
}

export interface InstantQuestion {
  readonly expr: string;
  readonly time: number;
  readonly signal: AbortSignal;
  /** Of this question. Default: as many as of others. */
  readonly maxSeries?: number;
}

export interface Prometheus {
  range(question: RangeQuestion): Promise<RawAnswer>;
  instant(question: InstantQuestion): Promise<RawAnswer>;
  labelValues(question: {
    readonly label: string;
    readonly selector: string;
    readonly start: number;
    readonly end: number;
    readonly signal: AbortSignal;
  }): Promise<readonly string[]>;
  /** The `data` of any other path, such as `rules`. */
  get(path: string, query: Readonly<Record<string, string>>, signal: AbortSignal): Promise<unknown>;
}

const WAITING_PER_PLACE = 10;

/** Opens nothing until it is asked. */
export function createPrometheus(options: PrometheusOptions): Prometheus {
  const { maxConcurrency } = options;
  const places = pLimit(maxConcurrency);
  const get = async (path: string, query: Readonly<Record<string, string>>, signal: AbortSignal): Promise<unknown> => {
    if (places.pendingCount >= maxConcurrency * WAITING_PER_PLACE)
      throw new PrometheusError('busy', 'Too many questions are waiting for Prometheus: try again in a moment');
    return places(() => ask(options, { path, query, signal }));
  };
  /** The most series that a query has at a time. */
  const countSeries = async (
    path: string,
    query: Readonly<Record<string, string>>,
    expr: string,
    signal: AbortSignal,
  ) => {
    const found = seriesOf(await get(path, { ...query, query: `count(\n${expr}\n)` }, signal));
    return Math.max(0, ...found.flatMap(({ values }) => values.map(([, text]) => Number(text))));
  };
  const series = async (
    path: 'query' | 'query_range',
    query: Readonly<Record<string, string>>,
    {
      expr,
      signal,
      maxSeries = options.maxSeries,
    }: { readonly expr: string; readonly signal: AbortSignal; readonly maxSeries?: number | undefined },
  ): Promise<RawAnswer> => {
    const count = () => countSeries(path, query, expr, signal).catch(() => 0);
    try {
      // One more than is taken, so that it shows whether there are more. Versions before 3 don't know `limit`.
      const all = seriesOf(await get(path, { ...query, query: expr, limit: String(maxSeries + 1) }, signal));
      if (all.length <= maxSeries) return { series: all };
      return { series: all.slice(0, maxSeries), limited: limitedText(Math.max(all.length, await count()), maxSeries) };
    } catch (error) {
      if (!(error instanceof PrometheusError) || error.kind !== 'tooLarge') throw error;
      const found = await count();
      if (found === 0) throw error;
      return { series: [], limited: limitedText(found, 0) };
    }
  };
  return {
    range: ({ expr, start, end, step, signal }) =>
      series('query_range', { start: String(start), end: String(end), step: String(step) }, { expr, signal }),
    instant: ({ time, ...question }) => series('query', { time: String(time) }, question),
    async labelValues({ label, selector, start, end, signal }) {
      const query = { start: String(start), end: String(end), ...(selector === '' ? {} : { 'match[]': selector }) };
      const data = await get(`label/${encodeURIComponent(label)}/values`, query, signal);
      return Array.isArray(data) ? data.filter((value): value is string => typeof value === 'string') : [];
    },
    get,
  };
}

function limitedText(count: number, shown: number): string {
  const what = `The query has ${count.toLocaleString('en')} series`;
  return shown === 0
    ? `${what}, too many to show any: narrow it down by labels, or aggregate it`
    : `${what}, of which ${shown.toLocaleString('en')} are shown: narrow it down by labels, or aggregate it`;
}

async function ask(
  options: PrometheusOptions,
  question: { readonly path: string; readonly query: Readonly<Record<string, string>>; readonly signal: AbortSignal },
): Promise<unknown> {
  const { url, timeoutMs } = options;
  const startMs = performance.now();
  const timeout = AbortSignal.timeout(timeoutMs);
  let outcome: 'ok' | PrometheusError['kind'] = 'ok';
  try {
    const address = new URL(`${url.pathname.replace(/\/$/, '')}/api/v1/${question.path}`, url);
    const query = { ...question.query, ...(question.path.startsWith('query') ? { timeout: `${timeoutMs}ms` } : {}) };
    address.search = new URLSearchParams(query).toString();
    const response = await fetch(address, { signal: AbortSignal.any([question.signal, timeout]), redirect: 'error' });
    return dataOf(response.status, await readText(response, options.maxAnswerBytes));
  } catch (error) {
    const failure = failureOf(error, { url, timeoutMs, isTimeout: timeout.aborted });
    outcome = failure.kind;
    // Who asked is gone, or has waited long enough: that is no failure of Prometheus.
    if (question.signal.aborted) throw abandonedBy(question.signal.reason);
    throw failure;
  } finally {
    if (!question.signal.aborted) options.onQuestion?.(outcome, (performance.now() - startMs) / 1000);
  }
}

/** The end of a question that nobody waits for any more: people read of those that took too long. */
function abandonedBy(reason: unknown): unknown {
  if (!(reason instanceof Error) || reason.name !== 'TimeoutError') return reason;
  return new PrometheusError('timeout', 'Prometheus did not answer in time', reason);
}

function failureOf(
  error: unknown,
  { url, timeoutMs, isTimeout }: { readonly url: URL; readonly timeoutMs: number; readonly isTimeout: boolean },
): PrometheusError {
  if (error instanceof PrometheusError) return error;
  if (isTimeout) return new PrometheusError('timeout', `Prometheus did not answer within ${timeoutMs / 1000} s`, error);
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : String(cause);
  return new PrometheusError('unreachable', `Prometheus can't be reached at ${url.host}: ${code}`, error);
}

async function readText(response: Response, maxBytes: number): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of (response.body ?? []) as AsyncIterable<Uint8Array>) {
    bytes += chunk.length;
    // Leaving the loop ends the connection: the rest is never sent.
    if (bytes > maxBytes)
      throw new PrometheusError('tooLarge', `The answer has more than ${Math.round(maxBytes / 1_000_000)} MB`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function dataOf(status: number, text: string): unknown {
  let body: { readonly status?: unknown; readonly data?: unknown; readonly error?: unknown };
  try {
    body = JSON.parse(text) as typeof body;
  } catch (error) {
    throw new PrometheusError(
      'unreachable',
      `What answers as Prometheus does not speak its language (status ${status})`,
      error,
    );
  }
  if (body.status === 'success') return body.data;
  const message = typeof body.error === 'string' ? body.error.slice(0, 500) : `status ${status}`;
  throw new PrometheusError(status === 503 ? 'timeout' : 'refused', `Prometheus says: ${message}`);
}

/** The series of any result: a scalar is one without labels. */
function seriesOf(data: unknown): readonly RawSeries[] {
  const { resultType, result } = (data ?? {}) as { readonly resultType?: string; readonly result?: unknown };
  if (resultType === 'scalar' || resultType === 'string')
    return [{ metric: {}, values: [result as readonly [number, string]] }];
  if (!Array.isArray(result)) return [];
  return (
    result as readonly {
      metric: RawSeries['metric'];
      value?: RawSeries['values'][number];
      values?: RawSeries['values'];
    }[]
  ).map(({ metric, value, values }) => ({ metric, values: values ?? (value === undefined ? [] : [value]) }));
}
