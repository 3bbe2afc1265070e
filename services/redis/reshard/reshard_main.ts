// `bazel run //services/redis:reshard -- --env=dev --masters=4`: moves slots from within the cluster, where servers
// reach one another, and shows what is said there.
import { readdir, readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Exec, KubeConfig, type V1Status } from '@kubernetes/client-node';
import { runMain } from '../../../tools/lib/cli.ts';
import { ToolError, errorText } from '../../../tools/lib/errors.ts';
import { runfile } from '../../../tools/lib/runfiles.ts';
import { findCluster } from '../../../tools/k8s/kube/kubeconfig.ts';
import { personalize } from '../../../tools/k8s/model/placeholder.ts';
import { parseReshardArgs } from './reshard_args.ts';

const POD = 'redis-0';
const CONTAINER = 'keeper';

interface Environment {
  readonly namespace: string;
  readonly context: string;
  readonly cluster: string;
}

await runMain(async ({ argv, env, signal }) => {
  const { environment, masters } = parseReshardArgs(argv);
  const { namespace: declared, context, cluster } = await readEnvironment(environment);
  // Nobody's own namespace is that of an environment, whatever their name is.
  const namespace = personalize(declared, { env, reserved: await environmentNamespaces(environment) });
  const access = await findCluster({ env, files: [], context, cluster, user: '' });
  const config = new KubeConfig();
  config.loadFromFile(access.file);
  config.setCurrentContext(access.context);
  const command = ['node', 'services/redis/keeper/main.js', 'reshard', `--masters=${masters}`];
  const status = await new Promise<V1Status>((resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
    new Exec(config)
      .exec(namespace, POD, CONTAINER, command, process.stdout, process.stderr, null, false, resolve)
      .then((socket: { onclose: unknown }) => {
        // Gone without a status: the pod has ended, or the connection to it.
        socket.onclose = () => setTimeout(() => reject(broken(namespace, undefined)), 500);
      })
      .catch((cause: unknown) => reject(broken(namespace, cause)));
  });
  if (status.status === 'Success') return 0;
  const code = Number(status.details?.causes?.find(({ reason }) => reason === 'ExitCode')?.message);
  // What is wrong has been said there.
  return Number.isInteger(code) && code > 0 ? code : 1;
});

function broken(namespace: string, cause: unknown): ToolError {
  // A WebSocket that is refused says so by an event with a message.
  const text =
    cause === undefined ? 'the connection has ended' : errorText((cause as { error?: unknown }).error ?? cause);
  return new ToolError('REDIS_EXEC', `Moving slots in ${namespace}/${POD}: ${text}`, {
    cause,
    hint: `Look whether it runs (\`kubectl get pods -n ${namespace}\`), and run this again: it goes on where it stopped.`,
  });
}

async function readEnvironment(name: string): Promise<Environment> {
  const text = await readFile(runfile(`fathom_environments/${name}.json`), 'utf8').catch((cause: unknown) => {
    throw new ToolError('REDIS_USAGE', `Moving slots: there is no environment '${name}'`, {
      cause,
      hint: 'Name an entry of ENVS in cluster_constants.bzl.',
    });
  });
  return JSON.parse(text) as Environment;
}

/** The namespaces of all environments, of which `name` is one. */
async function environmentNamespaces(name: string): Promise<readonly string[]> {
  const folder = dirname(runfile(`fathom_environments/${name}.json`));
  const files = (await readdir(folder)).filter((file) => file.endsWith('.json'));
  return Promise.all(files.map(async (file) => (await readEnvironment(file.slice(0, -'.json'.length))).namespace));
}
