// A cluster for pages that deploy.
import { ToolError } from '../../../lib/errors.ts';
import { type Log, step } from '../../../lib/log.ts';
import { PERSON } from './settings.ts';
import { openShell } from './shell.ts';
import type { PageWorkspace } from './workspace.ts';

/** Options of {@link withCluster}. */
export interface ClusterOptions {
  readonly log: Log;
  readonly signal: AbortSignal;
  readonly timeoutMs: number;
}

/** Starts a cluster as readers do, and takes it away after `work` in any case. Throws DOCS_NO_CLUSTER. */
export async function withCluster(
  workspace: PageWorkspace,
  options: ClusterOptions,
  work: (inside: PageWorkspace) => Promise<void>,
): Promise<void> {
  const inside: PageWorkspace = {
    ...workspace,
    hasCluster: true,
    env: { ...workspace.env, FATHOM_STATE: workspace.ownState },
  };
  const shell = await openShell({ ...options, cwd: inside.root, env: inside.env });
  try {
    const { exit, output } = await step('Starting a cluster', () => shell.run('./fathom up'), {
      ...options,
      everyMs: 60_000,
    });
    if (exit !== 0) {
      throw new ToolError('DOCS_NO_CLUSTER', `Starting a cluster: ./fathom up ended with ${exit}\n${output}`, {
        hint: 'Run `./fathom doctor`.',
      });
    }
    // The example stack that it has deployed: each page begins with nothing.
    await clearNamespace(inside, options.signal);
    await work(inside);
  } finally {
    await shell.close();
    await takeDown(inside);
  }
}

/**
 * Throws DOCS_NAMESPACE_TAKEN where the namespace that pages are about is somebody's: it is deleted after each page.
 */
export async function requireNamespace(workspace: PageWorkspace, signal: AbortSignal): Promise<void> {
  const { output } = await inShell(workspace, signal, `./fathom kubectl get namespace ${PERSON} --ignore-not-found`);
  if (!output.includes(`${PERSON} `)) return;
  throw new ToolError('DOCS_NAMESPACE_TAKEN', `Looking at the cluster: it has a namespace ${PERSON} already`, {
    hint: 'Run it with --cluster, which starts another one.',
  });
}

/** Deletes what a page has left in the namespace. */
export async function clearNamespace(
  workspace: Pick<PageWorkspace, 'root' | 'env'>,
  signal: AbortSignal,
): Promise<void> {
  await inShell(workspace, signal, `./fathom kubectl delete namespace ${PERSON} --ignore-not-found --timeout=3m`);
}

async function inShell({ root, env }: Pick<PageWorkspace, 'root' | 'env'>, signal: AbortSignal, command: string) {
  const shell = await openShell({ cwd: root, env, signal });
  try {
    return await shell.run(command);
  } finally {
    await shell.close();
  }
}

const DOWN_TIMEOUT_MS = 5 * 60_000;

/** Takes the cluster of a workspace away, also after the user has asked for the end. */
export async function takeDown(workspace: Pick<PageWorkspace, 'root' | 'env'>): Promise<void> {
  await inShell(workspace, AbortSignal.timeout(DOWN_TIMEOUT_MS), './fathom down');
}
