// One context of somebody else's kubeconfig, as a kubeconfig of ours. Pure.
import { type Fields, withAbsolutePaths } from '../k8s/kube/kubeconfig_files.ts';
import { UnreadableYaml, readYaml } from '../k8s/kube/read_yaml.ts';
import { ToolError } from '../lib/errors.ts';

/** Options of {@link ownKubeconfig}. */
export interface OwnKubeconfigOptions {
  /** What context, cluster and user are called in the new one. */
  readonly name: string;
  /** The context to take. Default: the current one. */
  readonly context?: string;
  /** The old one, for errors, and its folder, which its paths are relative to. */
  readonly file: string;
  readonly folder: string;
}

/** The new kubeconfig: JSON, which is YAML too, and much faster to read. Throws CLUSTER_KUBECONFIG. */
export function ownKubeconfig(text: string, options: OwnKubeconfigOptions): string {
  const { name, folder, file } = options;
  const config = fields(parseYaml(text, file));
  const wanted = options.context ?? config['current-context'];
  const entry = (list: string, called: unknown, field: string): Fields => {
    const entries = Array.isArray(config[list]) ? (config[list] as readonly unknown[]) : [];
    const found = entries.map(fields).find((one) => one['name'] === called);
    if (found === undefined) throw unusable(file, `it has no ${field} '${String(called)}'`);
    return fields(found[field]);
  };
  const context = entry('contexts', wanted, 'context');
  const cluster = entry('clusters', context['cluster'], 'cluster');
  const user = context['user'] === undefined ? {} : entry('users', context['user'], 'user');
  return kubeconfigOf(name, withAbsolutePaths(cluster, folder), withAbsolutePaths(user, folder));
}

/** A kubeconfig of one cluster and user, whose paths are absolute; context, cluster and user have its name. */
export function kubeconfigOf(name: string, cluster: Fields, user: Fields): string {
  return `${JSON.stringify(
    {
      apiVersion: 'v1',
      kind: 'Config',
      'current-context': name,
      clusters: [{ name, cluster }],
      users: [{ name, user }],
      contexts: [{ name, context: { cluster: name, user: name } }],
    },
    null,
    2,
  )}\n`;
}

function parseYaml(text: string, file: string): unknown {
  try {
    return readYaml(text);
  } catch (error) {
    if (error instanceof UnreadableYaml) throw unusable(file, error.message);
    throw error;
  }
}

function fields(value: unknown): Fields {
  return typeof value === 'object' && value !== null ? (value as Fields) : {};
}

function unusable(file: string, problem: string): ToolError {
  return new ToolError('CLUSTER_KUBECONFIG', `Reading kubeconfig ${file}: ${problem}`, {
    hint: 'Look at it with `kubectl config view --kubeconfig=…`.',
  });
}
