// The process of the page of dashboards.
import { fileURLToPath } from 'node:url';
import { createClient } from '../../tools/k8s/kube/client.ts';
import type { ClusterAccess } from '../../tools/k8s/kube/kubeconfig.ts';
import { ACCOUNT_FOLDER, podAccess } from '../../tools/k8s/kube/pod_access.ts';
import { createMetrics, optional, runService, startMetricsServer, stopDeadlineOf, url } from '../kit/index.ts';
import { startDashboards } from './server.ts';
import { SETTINGS } from './settings.ts';

await runService({
  name: 'dashboards',
  settings: {
    ...SETTINGS,
    /** Outside of a cluster: where `kubectl proxy` answers. */
    kubernetes: optional(url('KUBERNETES_URL')),
  },
  stopDeadlineMs: ({ drainMs }) => stopDeadlineOf(drainMs),
  start: async ({ config, log, signal }) => {
    const metrics = createMetrics();
    // What still runs while the process drains ends with it, not with the signal.
    const ending = new AbortController();
    const client = createClient(await accessOf(config.kubernetes), { signal: ending.signal, maxConnections: 4 });
    const server = await startDashboards({
      ...config,
      assets: fileURLToPath(new URL('client/', import.meta.url)),
      client,
      metrics,
      log,
      signal: AbortSignal.any([signal, ending.signal]),
    });
    const isReady = () => server.isReady && !signal.aborted;
    const metricsServer = await startMetricsServer({ port: config.metricsPort, metrics, isReady, log });
    log.info({ port: server.port, metricsPort: metricsServer.port }, 'listening');
    return async () => {
      await server.stop(config.drainMs);
      ending.abort(new Error('the process ends'));
      client.close();
      await metricsServer.close();
    };
  },
});

async function accessOf(proxy: URL | undefined): Promise<ClusterAccess> {
  if (proxy === undefined) return podAccess(process.env, ACCOUNT_FOLDER);
  const { href: server } = proxy;
  return { context: 'kubectl proxy', file: '', server, namespace: undefined, tls: {}, credentials: { kind: 'none' } };
}
