// What a failed test leaves for whoever looks into it: the logs of all pods, events, and the state of all objects.
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { errorText } from '../../lib/errors.ts';
import { mapLimited } from '../../lib/limit.ts';
import { redact } from '../../lib/redact.ts';
import { EVENTS, PODS } from '../deploy/cause.ts';
import { type LogSource, sourcesOf } from '../deploy/pod_logs.ts';
import { alignRows } from '../deploy/table.ts';
import type { KubeClient } from '../kube/client.ts';
import { pathOf } from '../kube/discovery.ts';
import { listObjects } from '../kube/objects.ts';
import { type KubeObject, asList, at, numberAt, textAt } from '../model/object.ts';
import { podTrouble } from '../readiness/workloads.ts';

/** Options of {@link collect}. */
export interface CollectOptions {
  readonly namespace: string;
  /** Where files are written. */
  readonly folder: string;
  readonly signal: AbortSignal;
}

const CONCURRENCY = 8;
/** Of each container, in bytes: a pod that logs all day must not fill the disk. */
const MAX_LOG_BYTES = 16 * 1024 * 1024;
const SHOWN_LINES = 15;

/**
 * Writes `logs/<pod>/<container>.log` (`.previous.log` of the run before), `events.txt` and `pods.json`. Gives lines
 * that say the most important of it. Never rejects: what could not be read is said in `problems.txt`.
 */
export async function collect(client: KubeClient, options: CollectOptions): Promise<readonly string[]> {
  const { namespace, folder } = options;
  const problems: string[] = [];
  const write = async (name: string, text: string) => {
    const path = join(folder, name);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, redact(text));
  };
  const attempt = async <T>(what: string, fallback: T, work: () => Promise<T>): Promise<T> => {
    try {
      return await work();
    } catch (error) {
      problems.push(`${what}: ${errorText(error)}`);
      return fallback;
    }
  };
  const list = (resource: typeof PODS) => listObjects(client, resource, { namespace });
  const [pods, events] = await Promise.all([
    attempt('pods', [], () => list(PODS)),
    attempt('events', [], () => list(EVENTS)),
  ]);
  const eventLines = eventsText(events);
  await attempt('events.txt', undefined, () => write('events.txt', `${eventLines.join('\n')}\n`));
  await attempt('pods.json', undefined, () => write('pods.json', `${JSON.stringify(pods, null, 2)}\n`));
  const shown: string[] = [];
  await mapLimited(pods, CONCURRENCY, async (pod) => {
    for (const source of sourcesOf([pod])) {
      for (const isPrevious of hasRunBefore(pod, source) ? [true, false] : [false]) {
        const name = `logs/${source.pod}/${source.container}${isPrevious ? '.previous' : ''}.log`;
        await attempt(name, undefined, async () => {
          const text = await readLog(client, source, isPrevious, options.signal);
          await write(name, text);
          if (podTrouble(pod) !== undefined || isPrevious) shown.push(...lastLines(name, text));
        });
      }
    }
  });
  if (problems.length > 0)
    await attempt('problems.txt', undefined, () => write('problems.txt', `${problems.join('\n')}\n`));
  const podLines = pods.map(
    (pod) => `pod ${pod.metadata.name}: ${podTrouble(pod) ?? textAt(pod, 'status', 'phase') ?? ''}`,
  );
  return [...podLines, ...eventLines.filter((line) => line.includes(' Warning ')).slice(-SHOWN_LINES), ...shown].map(
    redact,
  );
}

async function readLog(
  client: KubeClient,
  source: LogSource,
  isPrevious: boolean,
  signal: AbortSignal,
): Promise<string> {
  const { namespace, pod, container } = source;
  return client.requestText({
    method: 'GET',
    path: `${pathOf(PODS, { namespace, name: pod })}/log`,
    query: {
      container,
      timestamps: 'true',
      previous: isPrevious ? 'true' : undefined,
      limitBytes: String(MAX_LOG_BYTES),
    },
    accept: '*/*',
    signal,
    doing: `Reading the log of ${namespace}/${pod} ${container}`,
  });
}

function hasRunBefore(pod: KubeObject, { container }: LogSource): boolean {
  const statuses = ['initContainerStatuses', 'containerStatuses'].flatMap((list) => asList(at(pod, 'status', list)));
  const status = statuses.find((one) => textAt(one, 'name') === container);
  return (numberAt(status, 'restartCount') ?? 0) > 0;
}

function lastLines(name: string, text: string): string[] {
  const lines = text.trimEnd().split('\n').slice(-SHOWN_LINES);
  return lines.map((line) => `${name}: ${line}`);
}

const timeOf = (event: KubeObject) =>
  textAt(event, 'lastTimestamp') ?? textAt(event, 'eventTime') ?? event.metadata.creationTimestamp ?? '';

/** Events as a table, oldest first. */
function eventsText(events: readonly KubeObject[]): string[] {
  const rows = events
    .toSorted((a, b) => timeOf(a).localeCompare(timeOf(b)))
    .map((event) => [
      timeOf(event),
      textAt(event, 'type') ?? '',
      textAt(event, 'reason') ?? '',
      `${textAt(event, 'involvedObject', 'kind') ?? ''}/${textAt(event, 'involvedObject', 'name') ?? ''}`,
      (textAt(event, 'message') ?? '').replaceAll(/\s+/g, ' ').trim(),
    ]);
  return [...alignRows([['time', 'type', 'reason', 'object', 'message'], ...rows])];
}
