// Pods for tests of clusters, of the one image that every node holds from the beginning.
export const BUSYBOX = 'registry.fathom.internal/prod/images/busybox:built';

/** A container that runs `command`. */
export function container(command: readonly string[], more: object = {}): object {
  return { name: 'main', image: BUSYBOX, command, ...more };
}

/** A pod of app `name`. */
export function pod(name: string, spec: object): object {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, labels: { app: name } },
    spec: { terminationGracePeriodSeconds: 1, ...spec },
  };
}

/** A Service that leads from port 80 to port 8080 of the pods of an app. */
export function service(app: string): object {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: app },
    spec: { selector: { app }, ports: [{ port: 80, targetPort: 8080 }] },
  };
}

/** What answers HTTP requests to port 8080 with `body`, a word of the shell: also those that come one upon the other. */
export function answering(body: string): readonly string[] {
  const root = '/tmp/answers';
  const write = `busybox mkdir -p ${root} && printf "%s\\n" "${body}" > ${root}/index.html`;
  return ['sh', '-c', `${write} && exec busybox httpd -f -p 8080 -h ${root}`];
}

/** A NetworkPolicy about the pods of an app. */
export function policy(name: string, app: string, spec: object): object {
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { name },
    spec: { podSelector: { matchLabels: { app } }, ...spec },
  };
}

/** A claim of a volume. */
export function claim(name: string): object {
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name },
    spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Mi' } } },
  };
}
