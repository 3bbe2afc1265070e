// The page of dashboards on this machine: a port of the loopback that leads to whichever of its pods is ready.
import { ToolError, errorText } from '../../lib/errors.ts';
import type { Log } from '../../lib/log.ts';
import { forwardPort } from '../../k8s/forward/forward.ts';
import type { KubeClient } from '../../k8s/kube/client.ts';

/** What is opened unless said otherwise. */
export const PAGE = { namespace: 'monitoring', service: 'dashboards' } as const;

/** Options of {@link openPage}. */
export interface OpenOptions {
  /** The port of this machine. Default: any free one. */
  readonly port?: number;
  readonly namespace: string;
  readonly service: string;
  /** Ends it. */
  readonly signal: AbortSignal;
  /** Gets the page's address. */
  readonly print: (line: string) => void;
  readonly log: Log;
}

/** How long the same trouble is not told again. */
const QUIET_MS = 10_000;

/** Forwards until the signal is aborted. Throws CLUSTER_NO_PAGE where the cluster has no page, CLUSTER_PORT. */
export async function openPage(client: KubeClient, options: OpenOptions): Promise<void> {
  const { namespace, service, signal, print, log } = options;
  const told = new Map<string, number>();
  const onProblem = (problem: string) => {
    const nowMs = performance.now();
    if ((told.get(problem) ?? -QUIET_MS) + QUIET_MS > nowMs) return;
    told.set(problem, nowMs);
    log.warn(problem);
  };
  const target = { kind: 'service', name: service, port: 'http' } as const;
  const port = options.port === undefined ? {} : { port: options.port };
  // Each connection goes to a pod that is ready by then, so a pod that is replaced ends none of those that come after it.
  const forward = await forwardPort(client, { namespace, target, ...port, signal, onProblem }).catch(
    (error: unknown) => {
      throw explained(error, options);
    },
  );
  print(`http://${forward.address}/`);
  log.info('the page is there until Ctrl-C');
  await new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
  await forward.close();
}

function explained(error: unknown, { namespace, service, port }: OpenOptions): unknown {
  if (error instanceof ToolError && error.code === 'K8S_FORWARD_TARGET') {
    return new ToolError('CLUSTER_NO_PAGE', `Opening the page ${namespace}/${service}: ${errorText(error)}`, {
      cause: error,
      hint: 'Run `bazel run //prod:apply`, which brings the page and what it asks.',
    });
  }
  if (error instanceof Error && 'code' in error && (error.code === 'EADDRINUSE' || error.code === 'EACCES')) {
    return new ToolError('CLUSTER_PORT', `Opening the page on port ${port}: ${errorText(error)}`, {
      cause: error,
      hint: 'Choose another one with --port, or none for one that is free.',
    });
  }
  return error;
}
