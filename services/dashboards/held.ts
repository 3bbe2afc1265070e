// Which objects a watch holds: no more than there is room for.
import type { KubeObject } from '../../tools/k8s/model/object.ts';

/** The names of what is held. */
export interface Held {
  /** Whether some were left out since the last list. */
  readonly isLimited: boolean;
  /** Begins anew with those of a list that have room; `isMore`: there are others behind it. */
  fill(objects: readonly KubeObject[], isMore: boolean): readonly KubeObject[];
  /** Whether an object that comes or changes is held: it was, or has room. */
  take(object: KubeObject): boolean;
  /** Whether an object that goes was held. */
  drop(object: KubeObject): boolean;
}

/** Nothing yet. onLimit: told when objects begin to be left out, and when none are any more. */
export function createHeld(maxObjects: number, onLimit: (isLimited: boolean) => void): Held {
  const ids = new Set<string>();
  let isLimited = false;
  const limit = (next: boolean) => {
    if (next === isLimited) return;
    isLimited = next;
    onLimit(next);
  };
  return {
    get isLimited() {
      return isLimited;
    },
    fill(objects, isMore) {
      const taken = objects.slice(0, maxObjects);
      ids.clear();
      for (const object of taken) ids.add(idOf(object));
      limit(isMore || taken.length < objects.length);
      return taken;
    },
    take(object) {
      if (!ids.has(idOf(object)) && ids.size >= maxObjects) {
        limit(true);
        return false;
      }
      ids.add(idOf(object));
      return true;
    },
    drop: (object) => ids.delete(idOf(object)),
  };
}

function idOf({ metadata }: KubeObject): string {
  return `${metadata.namespace ?? ''}/${metadata.name}`;
}
