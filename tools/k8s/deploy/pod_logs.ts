// The logs of a stack's containers, as lines that say whose they are.
import { setTimeout as sleep } from 'node:timers/promises';
import { mapLimited } from '../../lib/limit.ts';
import type { KubeClient } from '../kube/client.ts';
import { pathOf } from '../kube/discovery.ts';
import { KubeStatusError } from '../kube/errors.ts';
import { type KubeObject, textAt } from '../model/object.ts';
import { containersOf } from '../model/pod_spec.ts';
import { PODS } from './cause.ts';
import type { LogsOptions } from './options.ts';

/** Options of {@link printLogs} and {@link followLogs}. */
export interface PodLogsOptions extends LogsOptions {
  readonly client: KubeClient;
  readonly signal: AbortSignal;
  /** Called for each line, with the pod's and container's name. */
  readonly onLine: (source: LogSource, line: string) => void;
  /** Called where a container has no log to read, with the reason. */
  readonly onUnreadable: (source: LogSource, reason: string) => void;
}

/** A container of a pod. */
export interface LogSource {
  readonly namespace: string;
  readonly pod: string;
  readonly container: string;
}

const CONCURRENCY = 8;
const LOOK_EVERY_MS = 2000;

/** The containers of some pods, init containers first. */
export function sourcesOf(pods: readonly KubeObject[]): LogSource[] {
  return pods.flatMap((pod) =>
    containersOf(pod['spec']).map((container) => ({
      namespace: pod.metadata.namespace ?? '',
      pod: pod.metadata.name,
      container: textAt(container, 'name') ?? '',
    })),
  );
}

/** Reads what is there, and gives it container by container. */
export async function printLogs(pods: readonly KubeObject[], options: PodLogsOptions): Promise<void> {
  const texts = await mapLimited(sourcesOf(pods), CONCURRENCY, async (source) => {
    try {
      return { source, text: await options.client.requestText(logRequest(source, options, undefined)) };
    } catch (error) {
      options.onUnreadable(source, reasonOf(error));
      return { source, text: '' };
    }
  });
  for (const { source, text } of texts) {
    for (const line of linesOf(text)) options.onLine(source, line);
  }
}

/**
 * Gives lines as they come, also of pods that come later, until the signal is aborted. A container that is started
 * again is read on from where its log ended.
 */
export async function followLogs(
  listPods: () => Promise<readonly KubeObject[]>,
  options: PodLogsOptions,
): Promise<never> {
  const running = new Set<string>();
  const ended = new Map<string, string>();
  for (;;) {
    for (const source of sourcesOf(await listPods())) {
      const key = `${source.namespace}/${source.pod}/${source.container}`;
      if (running.has(key)) continue;
      running.add(key);
      const isFirst = !ended.has(key);
      void followOne(source, options, ended.get(key))
        // The container waits to be started, or the pod has gone meanwhile: the next look tells.
        .catch((error: unknown) => {
          if (isFirst && !options.signal.aborted) options.onUnreadable(source, reasonOf(error));
        })
        .finally(() => {
          running.delete(key);
          ended.set(key, new Date().toISOString());
        });
    }
    await sleep(LOOK_EVERY_MS, undefined, { signal: options.signal }).catch(() => options.signal.throwIfAborted());
  }
}

async function followOne(source: LogSource, options: PodLogsOptions, sinceTime: string | undefined): Promise<void> {
  const stream = await options.client.stream(logRequest(source, options, sinceTime));
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of stream) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) options.onLine(source, line);
  }
  if (rest !== '') options.onLine(source, rest);
}

function logRequest({ namespace, pod, container }: LogSource, options: PodLogsOptions, sinceTime: string | undefined) {
  const { isFollowing, sinceMs, tail } = options;
  const since = sinceMs === undefined ? undefined : String(Math.max(1, Math.ceil(sinceMs / 1000)));
  return {
    method: 'GET' as const,
    path: `${pathOf(PODS, { namespace, name: pod })}/log`,
    query: {
      container,
      follow: isFollowing ? 'true' : undefined,
      ...(sinceTime === undefined
        ? { sinceSeconds: since, tailLines: tail === undefined ? undefined : String(tail) }
        : { sinceTime }),
    },
    accept: '*/*',
    doing: `Reading the log of ${namespace}/${pod} ${container}`,
  };
}

function linesOf(text: string): string[] {
  const lines = text.split('\n');
  return lines.at(-1) === '' ? lines.slice(0, -1) : lines;
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error instanceof KubeStatusError ? error.said : error.message;
}
