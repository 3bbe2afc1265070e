// A process beside a test's runner that deletes the namespace when the runner ends without having done so: killed with
// SIGKILL, or with all of its process group, as Bazel ends tests that nobody waits for any more.
import { spawn } from 'node:child_process';
import { ToolError } from '../../lib/errors.ts';
import { createClient } from '../kube/client.ts';
import { findCluster } from '../kube/kubeconfig.ts';
import { type TestRun, removeNamespace } from './namespace.ts';

/** What the watcher is told: which cluster, and which namespace. */
export interface WatchOrder {
  readonly run: TestRun;
  readonly context: string;
  /** The kubeconfig, perhaps of several. */
  readonly files: readonly string[];
}

/** The runner's side of the watcher. */
export interface Watcher {
  readonly pid: number | undefined;
  /** Says that the namespace is deleted: the watcher ends. */
  dismiss(): void;
}

/** How long a watcher tries to reach the cluster. */
const DELETES_WITHIN_MS = 120_000;
const DISMISSED = 'dismissed\n';

/** Starts a watcher in a session of its own, which signals to the runner's process group do not reach. */
export function startWatcher(order: WatchOrder): Watcher {
  const [program = ''] = process.argv.slice(1);
  const child = spawn(process.execPath, [...process.execArgv, program, '--watch', JSON.stringify(order)], {
    detached: true,
    // Its only tie to the runner: a pipe that the system closes when the runner ends, however that comes.
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  child.on('error', () => undefined);
  child.stdin.on('error', () => undefined);
  child.unref();
  return { pid: child.pid, dismiss: () => void child.stdin.end(DISMISSED) };
}

/** The watcher's process: waits for the end of its input, and deletes the namespace unless it was dismissed. */
export async function watch(text: string, input: NodeJS.ReadableStream): Promise<void> {
  const order = readOrder(text);
  let said = '';
  for await (const chunk of input) said += String(chunk);
  if (said.endsWith(DISMISSED)) return;
  const { context, files, run } = order;
  const access = await findCluster({ env: {}, context, cluster: '', user: '', files });
  const client = createClient(access, {
    signal: AbortSignal.timeout(DELETES_WITHIN_MS),
    retryDeadlineMs: DELETES_WITHIN_MS,
  });
  try {
    await removeNamespace(client, run);
  } finally {
    client.close();
  }
}

function readOrder(text: string): WatchOrder {
  try {
    return JSON.parse(text) as WatchOrder;
  } catch (cause) {
    throw new ToolError('K8S_TEST_CONFIG', 'Reading what a watcher is to do: it is no JSON', {
      cause,
      hint: 'Only the program of k8s_test starts watchers.',
    });
  }
}
