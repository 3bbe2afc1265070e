// Who is told of alerts: a pod that writes down what Alertmanager posts to it, made known as docs/monitoring.md says.
import { createObjects, kubectl } from '../../../services/routeguide/e2e/cluster.ts';
import { container, pod, service } from '../../../tools/cluster/testing/workloads.ts';

const APP = 'receiver';
/** The namespace of Alertmanager, where the operator reads receivers and their Secrets. */
const MONITORING = 'monitoring';

/** What Alertmanager posts: https://prometheus.io/docs/alerting/latest/configuration/#webhook_config */
export interface Notification {
  readonly status: 'firing' | 'resolved';
  readonly alerts: readonly {
    readonly status: 'firing' | 'resolved';
    readonly labels: Readonly<Record<string, string>>;
    readonly annotations: Readonly<Record<string, string>>;
  }[];
}

/** A receiver of the alerts of one namespace, until `close`. */
export interface Receiver {
  /** Its name in Alertmanager's configuration. */
  readonly name: string;
  /** All that it was told so far. */
  told(): Promise<readonly Notification[]>;
  close(): Promise<void>;
}

// A server that has read the whole body before it answers: who is answered too early takes it for told, and sends no more.
// Of two `$` Kubernetes makes one.
const START = [
  'busybox mkdir -p /data/cgi-bin /data/told',
  'cd /data/cgi-bin',
  "printf '#!/usr/bin/sh\\nbusybox cat > /data/$$$$ && busybox mv /data/$$$$ /data/told/\\n' > tell",
  `printf 'printf "Content-Type: text/plain\\\\r\\\\n\\\\r\\\\n"\\n' >> tell`,
  'busybox chmod +x tell',
  'exec busybox httpd -f -p 8080 -h /data',
].join(' && ');

const RESTRICTED = {
  runAsNonRoot: true,
  runAsUser: 65532,
  allowPrivilegeEscalation: false,
  capabilities: { drop: ['ALL'] },
  seccompProfile: { type: 'RuntimeDefault' },
};

/** What makes the receiver of a namespace's alerts, `name` in that of Alertmanager. */
function objectsOf(namespace: string, name: string): readonly object[] {
  const here = (one: object) => ({ ...one, metadata: { ...(one as { metadata: object }).metadata, namespace } });
  const there = { name, namespace: MONITORING };
  const server = container(['sh', '-c', START], {
    securityContext: RESTRICTED,
    volumeMounts: [{ name: 'data', mountPath: '/data' }],
  });
  return [
    here(pod(APP, { containers: [server], volumes: [{ name: 'data', emptyDir: {} }] })),
    here(service(APP)),
    {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: there,
      stringData: { url: `http://${APP}.${namespace}.svc/cgi-bin/tell` },
    },
    {
      apiVersion: 'monitoring.coreos.com/v1alpha1',
      kind: 'AlertmanagerConfig',
      metadata: there,
      spec: {
        route: {
          receiver: 'chat',
          groupBy: ['alertname', 'namespace'],
          matchers: [{ name: 'namespace', value: namespace, matchType: '=' }],
          groupWait: '1s',
          groupInterval: '5s',
        },
        receivers: [{ name: 'chat', webhookConfigs: [{ urlSecret: { name, key: 'url' } }] }],
      },
    },
  ];
}

/** Has Alertmanager tell a pod of `namespace` of the alerts there. */
export async function startReceiver(namespace: string): Promise<Receiver> {
  const name = `${namespace}-${APP}`;
  await createObjects(objectsOf(namespace, name));
  return {
    name: `${MONITORING}/${name}/chat`,
    // A body is a line of its own.
    told: async () => {
      const cat = ['sh', '-c', 'busybox cat /data/told/* 2> /dev/null || :'];
      const lines = (await kubectl('exec', '-n', namespace, APP, '--', ...cat)).split('\n');
      return lines.filter((line) => line.startsWith('{')).map((line) => JSON.parse(line) as Notification);
    },
    // The rest goes with the namespace.
    close: async () => {
      await kubectl('delete', 'alertmanagerconfig,secret', name, '-n', MONITORING, '--ignore-not-found');
    },
  };
}
