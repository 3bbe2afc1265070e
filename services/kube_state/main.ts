// The process: follows the objects of the cluster that it runs in, and tells Prometheus of them.
import { KubeConfig } from '@kubernetes/client-node';
import { createMetrics, runService, startMetricsServer, wholeNumber } from '../kit/index.ts';
import { KINDS } from './kinds.ts';
import { registerKind } from './register.ts';
import { follow } from './watch.ts';

await runService({
  name: 'kube-state',
  settings: { port: wholeNumber('METRICS_PORT', { min: 0, max: 65_535, fallback: 9464 }) },
  start: async ({ config, log }) => {
    const cluster = new KubeConfig();
    // $KUBECONFIG, else the ServiceAccount of the pod.
    cluster.loadFromDefault();
    const metrics = createMetrics();
    const followed = KINDS.map((kind) => {
      const objects = follow(cluster, kind, log);
      registerKind(metrics, kind, () => objects.list());
      return objects;
    });
    const isReady = () => followed.every((one) => one.isRead());
    const server = await startMetricsServer({ port: config.port, metrics, isReady, log });
    log.info({ port: server.port, kinds: KINDS.length }, 'listening');
    return async () => {
      await Promise.all([server.close(), ...followed.map((one) => one.stop())]);
    };
  },
});
