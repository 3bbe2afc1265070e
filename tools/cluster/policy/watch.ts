// Objects of one kind, as they are now: listed once, then followed by a watch.
// https://kubernetes.io/docs/reference/using-api/api-concepts/#efficient-detection-of-changes
import { setTimeout as sleep } from 'node:timers/promises';
import { errorText } from '../../lib/errors.ts';
import type { Log } from '../../lib/log.ts';
import type { KubeClient } from '../../k8s/kube/client.ts';
import { type KubeObject, asList, at, numberAt, textAt } from '../../k8s/model/object.ts';

/** Options of {@link follow}. */
export interface FollowOptions {
  readonly client: KubeClient;
  /** `/api/v1/pods` */
  readonly path: string;
  /** Called with all objects, at first and after each change. */
  readonly onObjects: (objects: readonly KubeObject[]) => void;
  readonly log: Log;
  readonly signal: AbortSignal;
}

// The server ends a watch after WATCH_SECONDS; a connection that is silent for longer is dead.
const WATCH_SECONDS = 240;
const SILENT_MS = (WATCH_SECONDS + 30) * 1000;
const MAX_PAUSE_MS = 10_000;

/** Follows until the signal is aborted. What breaks is begun anew after a pause: the objects stay as last seen. */
export async function follow(options: FollowOptions): Promise<void> {
  const { path, log, signal } = options;
  let pauseMs = 100;
  while (!signal.aborted) {
    try {
      const version = await list(options);
      await watch(options, version, () => (pauseMs = 100));
    } catch (error) {
      if (signal.aborted) return;
      log.warn(`following ${path}: ${errorText(error)}; again in ${pauseMs} ms`);
      await sleep(pauseMs, undefined, { signal }).catch(() => undefined);
      pauseMs = Math.min(MAX_PAUSE_MS, pauseMs * 2);
    }
  }
}

/** By namespace and name. */
type Objects = Map<string, KubeObject>;

const keyOf = ({ metadata }: KubeObject) => `${metadata.namespace ?? ''}/${metadata.name}`;

interface Listed {
  readonly objects: Objects;
  readonly version: string;
}

async function list({ client, path, onObjects, signal }: FollowOptions): Promise<Listed> {
  const answer = await client.request({ method: 'GET', path, doing: `Listing ${path}`, signal });
  const objects = new Map(asList(at(answer, 'items')).map((item) => [keyOf(item as KubeObject), item as KubeObject]));
  onObjects([...objects.values()]);
  return { objects, version: textAt(answer, 'metadata', 'resourceVersion') ?? '' };
}

/** Returns when what it knows is too old for the server to go on from: then it must be listed again. */
async function watch(options: FollowOptions, { objects, version: listed }: Listed, onAlive: () => void): Promise<void> {
  const { onObjects, signal } = options;
  let version = listed;
  while (!signal.aborted) {
    for await (const event of events(options, version)) {
      onAlive();
      const type = textAt(event, 'type');
      const object = at(event, 'object');
      if (type === 'ERROR') {
        if (numberAt(object, 'code') === 410) return;
        throw new Error(textAt(object, 'message') ?? 'the server ended the watch with an error');
      }
      version = textAt(object, 'metadata', 'resourceVersion') ?? version;
      if (type === 'BOOKMARK') continue;
      const key = keyOf(object as KubeObject);
      if (type === 'DELETED') objects.delete(key);
      else objects.set(key, object as KubeObject);
      onObjects([...objects.values()]);
    }
  }
}

async function* events({ client, path, signal }: FollowOptions, version: string): AsyncGenerator<unknown> {
  const silent = new AbortController();
  const timer = setTimeout(() => silent.abort(new Error('nothing was heard any more')), SILENT_MS);
  try {
    const stream = await client.stream({
      method: 'GET',
      path,
      query: {
        watch: '1',
        resourceVersion: version,
        allowWatchBookmarks: 'true',
        timeoutSeconds: String(WATCH_SECONDS),
      },
      doing: `Watching ${path}`,
      signal: AbortSignal.any([signal, silent.signal]),
    });
    let rest = '';
    const decoder = new TextDecoder();
    for await (const chunk of stream) {
      timer.refresh();
      const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) if (line !== '') yield JSON.parse(line) as unknown;
    }
  } finally {
    clearTimeout(timer);
  }
}
