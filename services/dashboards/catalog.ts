// The dashboards that the cluster has: read from ConfigMaps as these come and go.
import { panelsOf } from '../../tools/dashboards/model.ts';
import { type ReadDashboard, readDashboard } from '../../tools/dashboards/read_model.ts';
import { type KubeObject, asRecord } from '../../tools/k8s/model/object.ts';
import { readScrapeInterval } from './scrape_interval.ts';
import type { DashboardAnswer, DashboardFault, DashboardList } from './shared/api.ts';
import type { WatchListener } from './watch.ts';

/** By this label ConfigMaps are known as dashboards. */
export const DASHBOARD_LABEL = 'fathom.internal/dashboard';

interface Source {
  readonly namespace: string;
  readonly configMap: string;
  readonly key: string;
  readonly read: ReadDashboard;
  readonly scrapeSeconds?: number;
}

export interface Catalog extends WatchListener {
  list(): DashboardList;
  find(namespace: string, name: string): DashboardAnswer | undefined;
  /** Whether there was a list yet. */
  readonly isFilled: boolean;
  /** Calls `listener` after each change, until the returned function is called. */
  onUpdate(listener: () => void): () => void;
}

/** An empty catalog, filled by {@link WatchListener}'s calls. */
export function createCatalog(): Catalog {
  const sources = new Map<string, readonly Source[]>();
  const listeners = new Set<() => void>();
  let isFilled = false;
  let stale: string | undefined = 'The cluster has not been asked yet';
  let limited: string | undefined;
  let view: View | undefined;
  const changed = () => {
    view = undefined;
    for (const listener of listeners) listener();
  };
  const current = () => (view ??= viewOf([...sources.values()].flat()));
  return {
    get isFilled() {
      return isFilled;
    },
    onList(objects) {
      const before = new Map(sources);
      sources.clear();
      for (const object of objects) sources.set(idOf(object), sourcesOf(object));
      const isSame = before.size === sources.size && JSON.stringify([...before]) === JSON.stringify([...sources]);
      isFilled = true;
      if (!isSame) changed();
    },
    onChange(type, object) {
      if (type === 'gone') sources.delete(idOf(object));
      else sources.set(idOf(object), sourcesOf(object));
      changed();
    },
    onState(problem) {
      const next = problem === undefined ? undefined : `The cluster can't be watched: ${problem}`;
      if (next === stale) return;
      stale = next;
      changed();
    },
    onLimit(next) {
      limited = next;
      changed();
    },
    list: () => ({
      ...current().list,
      ...(stale === undefined ? {} : { stale }),
      ...(limited === undefined ? {} : { limited }),
    }),
    find: (namespace, name) => current().byId.get(`${namespace}/${name}`),
    onUpdate(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

interface View {
  readonly list: DashboardList;
  readonly byId: ReadonlyMap<string, DashboardAnswer>;
}

function viewOf(sources: readonly Source[]): View {
  const byId = new Map<string, DashboardAnswer>();
  const owner = new Map<string, Source>();
  const faults: DashboardFault[] = [];
  // In an order of their own, so that of two of one name the same one is shown whatever came first.
  for (const source of sources.toSorted((a, b) => compare(placeOf(a), placeOf(b)))) {
    const { namespace, configMap, key, read, scrapeSeconds } = source;
    const { dashboard, problems } = read;
    const other = dashboard === undefined ? undefined : owner.get(`${namespace}/${dashboard.name}`);
    if (dashboard === undefined) faults.push({ namespace, configMap, key, problems });
    else if (other !== undefined) {
      const problem = `Its name '${dashboard.name}' is that of the dashboard in ConfigMap ${other.configMap}, which is shown`;
      faults.push({ namespace, configMap, key, problems: [problem] });
    } else {
      owner.set(`${namespace}/${dashboard.name}`, source);
      const interval = scrapeSeconds === undefined ? {} : { scrapeSeconds };
      byId.set(`${namespace}/${dashboard.name}`, { namespace, dashboard, ...interval, problems });
    }
  }
  const dashboards = [...byId.values()].map(({ namespace, dashboard, problems }) => {
    const { name, title, service } = dashboard;
    return { namespace, name, title, service, panels: panelsOf(dashboard).length, problems };
  });
  return { list: { dashboards, faults }, byId };
}

function sourcesOf(object: KubeObject): readonly Source[] {
  const { name: configMap, namespace = '' } = object.metadata;
  const entries = Object.entries(asRecord(object['data']) ?? {}).filter(([key]) => key.endsWith('.json'));
  if (entries.length === 0) {
    const problems = ['It has no key that ends in .json'];
    return [{ namespace, configMap, key: '', read: { problems } }];
  }
  const { seconds: scrapeSeconds, problem } = readScrapeInterval(object);
  return entries.map(([key, text]) => {
    const read = readDashboard(String(text));
    const problems = [...read.problems, ...(problem === undefined ? [] : [problem])];
    const interval = scrapeSeconds === undefined ? {} : { scrapeSeconds };
    return { namespace, configMap, key, read: { ...read, problems }, ...interval };
  });
}

function idOf({ metadata }: KubeObject): string {
  return `${metadata.namespace ?? ''}/${metadata.name}`;
}

function placeOf({ namespace, configMap, key }: Source): string {
  return `${namespace}/${configMap}/${key}`;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
