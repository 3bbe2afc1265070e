// Watches what is waited for, so that a wait learns of a change when it comes and not at its next look.
import type { KubeClient } from '../kube/client.ts';
import { pathOf } from '../kube/discovery.ts';
import type { Target } from '../kube/objects.ts';
import { type KubeObject, nameOf, textAt } from '../model/object.ts';

/** Each collection takes a connection of its own; what is not watched is looked at now and then all the same. */
const MAX_COLLECTIONS = 8;

/** Options of {@link watchObjects}. */
export interface WatchOptions {
  readonly client: KubeClient;
  readonly signal: AbortSignal;
  /** Told of an object when it has changed, and once at first; undefined: it is gone. */
  readonly onObject: (target: Target, live: KubeObject | undefined) => void;
}

/** Watches that last as long as their scope. */
export interface ObjectWatch extends Disposable {
  /** Resolves to true when something has come since it was asked last, to false after `pauseMs`. */
  changed(pauseMs: number): Promise<boolean>;
}

/**
 * Watches objects by their collections. A watch that is refused or ends is not begun again: whoever may not watch, or
 * has a proxy that cuts what is long, waits as long as looks by turns take.
 */
export function watchObjects(targets: readonly Target[], { client, signal, onObject }: WatchOptions): ObjectWatch {
  const ending = new AbortController();
  let hasChanged = false;
  let wake = () => {};
  const follow = async (collection: readonly Target[]) => {
    const [first] = collection;
    if (first === undefined) return;
    const events = await client.stream({
      method: 'GET',
      path: collectionOf(first),
      query: { watch: 'true', fieldSelector: collection.length === 1 ? `metadata.name=${nameIn(first)}` : undefined },
      doing: `Watching ${nameOf(first.object)}`,
      signal: AbortSignal.any([signal, ending.signal]),
    });
    for await (const line of linesOf(events)) {
      const event = JSON.parse(line) as { readonly type: string; readonly object: KubeObject };
      // Of an ERROR (the server has forgotten what came before) and a BOOKMARK nothing follows.
      if (!['ADDED', 'MODIFIED', 'DELETED'].includes(event.type)) continue;
      const target = collection.find((one) => nameIn(one) === textAt(event.object, 'metadata', 'name'));
      if (target === undefined) continue;
      onObject(target, event.type === 'DELETED' ? undefined : event.object);
      hasChanged = true;
      wake();
    }
  };
  const collections = Map.groupBy(targets, collectionOf);
  for (const collection of [...collections.values()].slice(0, MAX_COLLECTIONS)) {
    follow(collection).catch(() => undefined);
  }
  return {
    changed: async (pauseMs) => {
      if (!hasChanged) {
        const { promise, resolve } = Promise.withResolvers<void>();
        wake = resolve;
        const timer = setTimeout(resolve, pauseMs);
        signal.addEventListener('abort', wake, { once: true });
        await promise;
        clearTimeout(timer);
        signal.removeEventListener('abort', wake);
      }
      const answer = hasChanged;
      hasChanged = false;
      return answer;
    },
    [Symbol.dispose]: () => ending.abort(),
  };
}

const nameIn = ({ object }: Target) => object.metadata.name;

function collectionOf({ resource, object }: Target): string {
  const { namespace } = object.metadata;
  return pathOf(resource, namespace === undefined ? {} : { namespace });
}

async function* linesOf(chunks: AsyncIterable<Buffer>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of chunks) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n');
    rest = lines.pop() ?? '';
    yield* lines;
  }
}
