// The API server as a pod reaches it: by the address in its environment, as the service account that it runs as.
// https://kubernetes.io/docs/tasks/run-application/access-api-from-pod/
import { readFile } from 'node:fs/promises';
import { isIPv6 } from 'node:net';
import { join } from 'node:path';
import { ToolError, errorText } from '../../lib/errors.ts';
import type { ClusterAccess } from './kubeconfig.ts';

/** Where a pod finds its service account: `token`, `ca.crt`, `namespace`. */
export const ACCOUNT_FOLDER = '/var/run/secrets/kubernetes.io/serviceaccount';

/** The cluster of this pod. Throws K8S_NO_POD where this is none, or has no service account. */
export async function podAccess(
  env: Readonly<Record<string, string | undefined>>,
  folder: string,
): Promise<ClusterAccess & { readonly namespace: string }> {
  const { KUBERNETES_SERVICE_HOST: host = '', KUBERNETES_SERVICE_PORT: port = '443' } = env;
  if (host === '') throw noPod('KUBERNETES_SERVICE_HOST is not set');
  const [ca, namespace] = await Promise.all([read(folder, 'ca.crt'), read(folder, 'namespace')]);
  return {
    context: 'the cluster of this pod',
    file: folder,
    server: `https://${isIPv6(host) ? `[${host}]` : host}:${port}`,
    namespace: namespace.toString('utf8').trim(),
    tls: { ca },
    credentials: { kind: 'tokenFile', path: join(folder, 'token') },
  };
}

async function read(folder: string, name: string): Promise<Buffer> {
  try {
    return await readFile(join(folder, name));
  } catch (cause) {
    throw noPod(`its service account is not there: ${errorText(cause)}`, cause);
  }
}

function noPod(problem: string, cause?: unknown): ToolError {
  return new ToolError('K8S_NO_POD', `Connecting to the cluster of this pod: ${problem}`, {
    cause,
    hint: 'Run the image in a pod whose serviceAccountName has the rights that .rbac prints, with automountServiceAccountToken not false. Outside of a cluster run .apply.',
  });
}
