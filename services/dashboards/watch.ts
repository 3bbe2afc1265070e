// Lists objects and watches them from there: resumed where a watch ends, listed anew where the server has forgotten.
// https://kubernetes.io/docs/reference/using-api/api-concepts/#efficient-detection-of-changes
import { setTimeout as sleep } from 'node:timers/promises';
import { errorText } from '../../tools/lib/errors.ts';
import type { Logger } from '../kit/index.ts';
import type { KubeClient } from '../../tools/k8s/kube/client.ts';
import { KubeStatusError } from '../../tools/k8s/kube/errors.ts';
import { type KubeObject, asList, asRecord, at, numberAt, textAt } from '../../tools/k8s/model/object.ts';
import { type Held, createHeld } from './held.ts';

/** Who is told. */
export interface WatchListener {
  /** All objects that there are. */
  onList(objects: readonly KubeObject[]): void;
  onChange(type: 'set' | 'gone', object: KubeObject): void;
  /** What keeps it from knowing of changes; undefined once it does again. */
  onState(problem: string | undefined): void;
  /** That there are more objects than are held; undefined once there are not. */
  onLimit(limited: string | undefined): void;
}

/** Options of {@link watchObjects}. */
export interface WatchOptions {
  /** `/api/v1/configmaps` */
  readonly path: string;
  readonly labelSelector: string;
  readonly signal: AbortSignal;
  readonly listener: WatchListener;
  /** Told once where some objects are left out. */
  readonly log: Pick<Logger, 'warn'>;
  /** Objects that are held at most, by lists and by changes: of further ones nobody is told. Default: 5000. */
  readonly maxObjects?: number;
  /** After how long a watch ends and is begun anew, in seconds. Default: 240. */
  readonly watchSeconds?: number;
  /** The first and the longest pause after a failure, in milliseconds. Default: 500 and 30 000. */
  readonly pauseMs?: { readonly first: number; readonly most: number };
}

const MAX_OBJECTS = 5000;

/** Of one object: the API server takes no larger ones. */
const MAX_LINE_BYTES = 4 << 20;

/** A watch goes on for minutes. */
const SHORTEST_MS = 200;

/** The server has no history back to where a watch would begin. */
class ForgottenError extends Error {}

/** Runs until the signal is aborted. */
export async function watchObjects(client: KubeClient, options: WatchOptions): Promise<void> {
  const { path, labelSelector, signal, listener, maxObjects = MAX_OBJECTS } = options;
  const { pauseMs = { first: 500, most: 30_000 } } = options;
  const held = createHeld(maxObjects, (isLimited) => {
    const limited = `There are more than ${maxObjects.toLocaleString('en')} objects at ${path} with ${labelSelector}: the others are left out`;
    if (isLimited) options.log.warn({ limited }, 'not all objects are watched');
    listener.onLimit(isLimited ? limited : undefined);
  });
  let version: string | undefined;
  let failures = 0;
  const pause = async (problem: string) => {
    listener.onState(problem);
    const wait = Math.min(pauseMs.most, pauseMs.first * 2 ** Math.min(failures++, 10));
    await sleep(wait * (0.5 + Math.random() / 2), undefined, { signal }).catch(() => undefined);
  };
  while (!signal.aborted) {
    const startMs = performance.now();
    try {
      version ??= await list(client, options, held);
      for await (const next of changes(client, options, { from: version, held })) {
        version = next;
        failures = 0;
      }
      // Some of those that were left out may have a place by now, which no change tells of.
      if (held.isLimited) version = undefined;
      // A watch that ends at once, without a word, would be begun again and again.
      if (performance.now() - startMs < SHORTEST_MS) await pause('the watch ended as soon as it had begun');
    } catch (error) {
      if (signal.aborted) return;
      if (error instanceof ForgottenError || (error instanceof KubeStatusError && error.status === 410)) {
        version = undefined;
        if (failures++ === 0) continue;
      }
      await pause(errorText(error));
    }
  }
}

async function list(client: KubeClient, options: WatchOptions, held: Held): Promise<string> {
  const { path, labelSelector, maxObjects = MAX_OBJECTS, signal } = options;
  const objects: KubeObject[] = [];
  let next: string | undefined;
  let version = '';
  do {
    const query = { labelSelector, limit: '500', continue: next };
    const page = await client.request({ method: 'GET', path, query, doing: `Listing ${path}`, signal });
    for (const item of asList(at(page, 'items'))) objects.push(item as KubeObject);
    version = textAt(page, 'metadata', 'resourceVersion') ?? version;
    next = textAt(page, 'metadata', 'continue') ?? '';
    // All pages are of one version: from there on changes are told of, wherever reading ends.
  } while (next !== '' && objects.length < maxObjects);
  options.listener.onList(held.fill(objects, next !== ''));
  return version;
}

/** Tells of changes, and yields the version up to which all are told. */
async function* changes(
  client: KubeClient,
  options: WatchOptions,
  { from, held }: { readonly from: string; readonly held: Held },
): AsyncGenerator<string> {
  const { path, labelSelector, watchSeconds = 240, listener } = options;
  // A connection that died without a word is given up a little after the server would have ended it.
  const signal = AbortSignal.any([options.signal, AbortSignal.timeout((watchSeconds + 30) * 1000)]);
  const stream = await client.stream({
    method: 'GET',
    path,
    query: {
      labelSelector,
      watch: '1',
      allowWatchBookmarks: 'true',
      resourceVersion: from,
      timeoutSeconds: String(watchSeconds),
    },
    doing: `Watching ${path}`,
    signal,
  });
  listener.onState(undefined);
  for await (const line of lines(stream)) {
    const event = asRecord(JSON.parse(line));
    const object = event?.['object'] as KubeObject | undefined;
    const type = event?.['type'];
    if (type === 'ERROR') {
      if (numberAt(object, 'code') === 410) throw new ForgottenError(textAt(object, 'message') ?? 'gone');
      throw new Error(textAt(object, 'message') ?? 'the watch failed');
    }
    if (object === undefined) continue;
    if ((type === 'ADDED' || type === 'MODIFIED') && held.take(object)) listener.onChange('set', object);
    else if (type === 'DELETED' && held.drop(object)) listener.onChange('gone', object);
    const version = object.metadata.resourceVersion;
    if (version !== undefined) yield version;
  }
}

/** The lines of a stream whose pieces end anywhere. */
export async function* lines(stream: AsyncIterable<Uint8Array>, maxBytes = MAX_LINE_BYTES): AsyncGenerator<string> {
  let pieces: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of stream) {
    let rest: Uint8Array = chunk;
    for (let end = rest.indexOf(10); end >= 0; end = rest.indexOf(10)) {
      const line = Buffer.concat([...pieces, rest.subarray(0, end)]).toString('utf8');
      pieces = [];
      bytes = 0;
      rest = rest.subarray(end + 1);
      if (line.trim() !== '') yield line;
    }
    if (rest.length > 0) pieces.push(rest);
    bytes += rest.length;
    if (bytes > maxBytes) throw new Error(`a line has more than ${maxBytes} bytes`);
  }
}
