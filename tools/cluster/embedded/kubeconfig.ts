// Kubeconfigs, of people and of components.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Options of {@link kubeconfig}. */
export interface KubeconfigOptions {
  readonly server: string;
  readonly certificates: string;
  /** The certificate's file name without ending. */
  readonly user: string;
  /** The context's, cluster's and user's name. */
  readonly context: string;
}

/** A kubeconfig with one context and all certificates inside, as JSON, which is YAML. */
export async function kubeconfig(options: KubeconfigOptions): Promise<string> {
  const { server, certificates, user, context } = options;
  const base64 = async (file: string) => (await readFile(join(certificates, file))).toString('base64');
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: context, cluster: { server, 'certificate-authority-data': await base64('ca.crt') } }],
    users: [
      {
        name: context,
        user: {
          'client-certificate-data': await base64(`${user}.crt`),
          'client-key-data': await base64(`${user}.key`),
        },
      },
    ],
    contexts: [{ name: context, context: { cluster: context, user: context } }],
    'current-context': context,
  };
  return `${JSON.stringify(config, null, 2)}\n`;
}
