// The page of dashboards of the cluster that is up, by a port of this machine.
import { clusterAccess } from '../../../tools/cluster/page/access.ts';
import type {
  Alert,
  AlertsAnswer,
  DashboardAnswer,
  DashboardList,
  PanelAnswer,
} from '../../../services/dashboards/shared/api.ts';
import { forwardPort } from '../../../tools/k8s/forward/forward.ts';
import { createClient } from '../../../tools/k8s/kube/client.ts';

/** Ports of this machine that outlive the pods behind them. */
export interface Ports {
  /** The address that leads to a port of a Service, `127.0.0.1:<port>`. */
  to(namespace: string, service: string, port: string): Promise<string>;
  close(): Promise<void>;
}

/** Ports of the cluster `fathom`, for as long as a test may take. */
export async function openPorts(): Promise<Ports> {
  const ending = new AbortController();
  const { signal } = ending;
  const client = createClient(await clusterAccess('fathom', process.env), { signal });
  const closing: (() => Promise<void>)[] = [];
  return {
    to: async (namespace, service, port) => {
      const target = { kind: 'service', name: service, port } as const;
      const onProblem = (problem: string) => console.log(problem);
      const forward = await forwardPort(client, { namespace, target, signal, onProblem });
      closing.push(() => forward.close());
      return forward.address;
    },
    close: async () => {
      await Promise.all(closing.map((close) => close()));
      ending.abort(new Error('the test ends'));
      client.close();
    },
  };
}

/** What the page asks its server. */
export interface PageApi {
  list(): Promise<DashboardList>;
  dashboard(namespace: string, name: string): Promise<DashboardAnswer>;
  panel(namespace: string, name: string, query: URLSearchParams): Promise<PanelAnswer>;
  alerts(): Promise<readonly Alert[]>;
}

export function pageApi(url: string): PageApi {
  const get = async <T>(path: string): Promise<T> => {
    const init = { signal: AbortSignal.timeout(30_000), headers: { connection: 'close' } };
    const response = await fetch(new URL(`/api/${path}`, url), init);
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
    return (await response.json()) as T;
  };
  return {
    list: () => get('dashboards'),
    dashboard: (namespace, name) => get(`dashboards/${namespace}/${name}`),
    panel: (namespace, name, query) => get(`dashboards/${namespace}/${name}/panel?${query.toString()}`),
    alerts: async () => {
      const { alerts, problem } = await get<AlertsAnswer>('alerts');
      if (problem !== undefined) throw new Error(problem);
      return alerts;
    },
  };
}
