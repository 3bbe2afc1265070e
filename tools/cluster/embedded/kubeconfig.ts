// Kubeconfig files: JSON, which is YAML too.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ON_THIS_MACHINE } from '../../k8s/kube/kubeconfig.ts';

/** Options of {@link kubeconfig}. */
export interface KubeconfigOptions {
  /** Folder of the certificates. */
  readonly pki: string;
  /** Name of the user's certificate. */
  readonly certificate: string;
  /** `https://10.201.0.2:6443`. */
  readonly server: string;
  /** Name of context, cluster and user. */
  readonly context: string;
}

/** A kubeconfig that holds its certificates itself, so that it can be copied. */
export async function kubeconfig({ pki, certificate, server, context }: KubeconfigOptions): Promise<string> {
  const base64 = async (name: string) => (await readFile(join(pki, name))).toString('base64');
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': context,
    clusters: [
      {
        name: context,
        cluster: { server, 'certificate-authority-data': await base64('ca.crt'), extensions: [ON_THIS_MACHINE] },
      },
    ],
    users: [
      {
        name: context,
        user: {
          'client-certificate-data': await base64(`${certificate}.crt`),
          'client-key-data': await base64(`${certificate}.key`),
        },
      },
    ],
    contexts: [{ name: context, context: { cluster: context, user: context } }],
  };
  return `${JSON.stringify(config, null, 2)}\n`;
}
