// The paths below /api/: which there are, what they take, and what they answer.
import { panelsOf } from '../../tools/dashboards/model.ts';
import { readAlerts } from './alerts.ts';
import type { Catalog } from './catalog.ts';
import type { Deploys } from './deploys.ts';
import type { ApiAnswer, ApiRequest } from './http.ts';
import { type TimeRange, askPanel, askVariables } from './panel_query.ts';
import type { Prometheus } from './prometheus.ts';
import { withRunbook, withRunbooks } from './runbooks.ts';
import { scrapeSecondsOf } from './scrape_interval.ts';
import type { AlertsAnswer, ApiProblem, DashboardAnswer } from './shared/api.ts';

/** Options of {@link createApi}. */
export interface ApiOptions {
  readonly catalog: Catalog;
  readonly prometheus: Prometheus;
  readonly deploys: Deploys;
  /** Where the repository's pages are. */
  readonly runbooks: URL | undefined;
  /** How often Prometheus looks by itself. */
  readonly scrapeSeconds: number;
  readonly maxPoints: number;
  /** Values of a variable. */
  readonly maxValues: number;
  /** Default: 1000. */
  readonly maxBudgets?: number | undefined;
}

/** What an address asks for wrongly. */
class BadRequestError extends Error {}

const ALERTS_TIMEOUT_MS = 60_000;
const ALERTS_FRESH_MS = 3000;
const LONGEST_SECONDS = 400 * 86_400;
const MAX_CHOSEN = 100;
const MAX_VALUE_LENGTH = 500;

/** What there is of a dashboard beside itself. Nothing else is answered, as their names are those of routes in metrics. */
const PARTS: ReadonlySet<string> = new Set(['deploys', 'panel', 'variables']);

/** Answers a request; undefined where there is no such path. */
export function createApi(options: ApiOptions): (request: ApiRequest) => Promise<ApiAnswer | undefined> {
  const { catalog, deploys, prometheus, runbooks, maxBudgets } = options;
  let last: { readonly answer: Promise<AlertsAnswer>; readonly untilMs: number } | undefined;
  /** The same for all pages that ask within some seconds. */
  const alerts = () => {
    const nowMs = performance.now();
    if (last === undefined || last.untilMs < nowMs) {
      const signal = AbortSignal.timeout(ALERTS_TIMEOUT_MS);
      const { dashboards } = catalog.list();
      const found = readAlerts(prometheus, { dashboards, signal, maxBudgets });
      const answer = found.then((all) => withRunbooks(all, runbooks));
      last = { answer, untilMs: nowMs + ALERTS_FRESH_MS };
    }
    return last.answer;
  };
  return async (request) => {
    const { path } = request;
    const [area, namespace, name, ...rest] = path;
    try {
      if (path.length === 1 && area === 'dashboards') return ok(catalog.list());
      if (path.length === 1 && area === 'alerts') return ok(await alerts());
      if (path.length === 1 && area === 'events') {
        return {
          subscribe: (send) => {
            const ends = [catalog.onUpdate(() => send('dashboards')), deploys.onUpdate(() => send('deploys'))];
            return () => ends.forEach((end) => end());
          },
        };
      }
      if (area !== 'dashboards' || namespace === undefined || name === undefined || rest.length > 1) return undefined;
      if (rest[0] !== undefined && !PARTS.has(rest[0])) return undefined;
      const found = catalog.find(namespace, name);
      if (found === undefined) return problem(404, `There is no dashboard '${name}' in namespace '${namespace}'`);
      return await ofDashboard(found, rest[0], request, options);
    } catch (error) {
      if (error instanceof BadRequestError) return problem(400, error.message);
      throw error;
    }
  };
}

async function ofDashboard(
  found: DashboardAnswer,
  part: string | undefined,
  { query, signal }: ApiRequest,
  { prometheus, deploys, runbooks, scrapeSeconds: usual, maxPoints, maxValues }: ApiOptions,
): Promise<ApiAnswer> {
  const { dashboard, namespace: own } = found;
  if (part === undefined) return ok(withRunbook(found, runbooks));
  if (part === 'deploys') return ok(deploys.of(own, dashboard.service));
  const chosen = chosenOf(query, ['namespace', ...dashboard.variables.map(({ name }) => name)]);
  const scrapeSeconds = scrapeSecondsOf(found.scrapeSeconds, usual);
  const question = { dashboard, scrapeSeconds, namespace: own, range: rangeOf(query, maxPoints), chosen, signal };
  if (part === 'variables') return ok(await askVariables(prometheus, question, maxValues));
  const title = query.get('title');
  const panel = panelsOf(dashboard).find((one) => one.title === title);
  if (panel === undefined) return problem(404, `There is no panel '${title ?? ''}' in dashboard '${dashboard.name}'`);
  return ok(await askPanel(prometheus, { ...question, panel }));
}

/** `from` and `to` in seconds, `points`: how many fit. */
function rangeOf(query: URLSearchParams, maxPoints: number): TimeRange {
  const number = (name: string) => {
    const text = query.get(name) ?? '';
    const value = /^\d{1,12}(\.\d{1,6})?$/.test(text) ? Number(text) : Number.NaN;
    if (Number.isNaN(value)) throw new BadRequestError(`${name} must be a number, got '${text.slice(0, 40)}'`);
    return value;
  };
  const [from, to] = [number('from'), number('to')];
  if (to <= from) throw new BadRequestError('from must be before to');
  if (to - from > LONGEST_SECONDS) throw new BadRequestError('from and to must be at most 400 days apart');
  return {
    from,
    to,
    points: Math.max(2, Math.min(maxPoints, Math.floor(query.has('points') ? number('points') : 300))),
  };
}

/** `var-pod=a&var-pod=b` */
function chosenOf(query: URLSearchParams, names: readonly string[]): ReadonlyMap<string, readonly string[]> {
  const chosen = new Map<string, readonly string[]>();
  for (const name of names) {
    const values = query.getAll(`var-${name}`).filter((value) => value !== '');
    if (values.length > MAX_CHOSEN || values.some((value) => value.length > MAX_VALUE_LENGTH))
      throw new BadRequestError(`var-${name} must be at most ${MAX_CHOSEN} values of ${MAX_VALUE_LENGTH} characters`);
    if (values.length > 0) chosen.set(name, values);
  }
  return chosen;
}

function ok(json: unknown): ApiAnswer {
  return { status: 200, json };
}

function problem(status: number, error: string): ApiAnswer {
  return { status, json: { error } satisfies ApiProblem };
}
