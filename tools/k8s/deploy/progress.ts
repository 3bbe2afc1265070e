// What happens in a run, as events; and who listens to them.
import type { KubeObject } from '../model/object.ts';
import { type Action, type PlannedObject, isChange } from './plan.ts';

export type PhaseName = 'connect' | 'plan' | 'push' | 'apply' | 'prune' | 'delete' | 'wait';

/** Something that happened. Times count from the run's begin, in milliseconds. */
export type DeployEvent =
  /** What is going to be done, once it is known. */
  | { readonly kind: 'planned'; readonly objects: readonly PlannedObject[] }
  /** An object is as it should be: it was written, or it was so before. */
  | { readonly kind: 'object'; readonly planned: PlannedObject }
  | { readonly kind: 'waiting'; readonly object: KubeObject; readonly message: string }
  | { readonly kind: 'ready'; readonly object: KubeObject }
  /** What was pruned or deleted is not there any more. */
  | { readonly kind: 'gone'; readonly object: KubeObject }
  | {
      readonly kind: 'failed';
      readonly object: KubeObject;
      readonly code: string;
      readonly message: string;
      readonly causes: readonly string[];
    }
  | { readonly kind: 'phase'; readonly phase: PhaseName; readonly phaseMs: number }
  | { readonly kind: 'done'; readonly actions: readonly Action[]; readonly phases: PhaseTimes }
  /** The run failed; `failed` events have told of objects before. */
  | { readonly kind: 'error'; readonly code: string; readonly message: string; readonly hint?: string };

/** Milliseconds by phase, in the order in which they ended. */
export type PhaseTimes = ReadonlyMap<PhaseName, number>;

/** Prints, draws or collects events. */
export interface Listener {
  on(event: DeployEvent, elapsedMs: number): void;
  /** Called once, when the run has ended. */
  close?(): Promise<void> | void;
}

/** The events of one run. */
export class Progress {
  readonly #listeners: readonly Listener[];
  readonly #startMs = performance.now();
  readonly #phases = new Map<PhaseName, number>();
  readonly #written = new Map<string, Map<Action, number>>();
  #planned: readonly PlannedObject[] | undefined;
  /** The objects of the plan: a personal namespace and what it limits are written beside them, and are not counted. */
  #counted = new Set<KubeObject>();
  #isClosed = false;

  constructor(listeners: readonly Listener[]) {
    this.#listeners = listeners;
  }

  /** Milliseconds since the run began. */
  get elapsedMs(): number {
    return performance.now() - this.#startMs;
  }

  get phases(): PhaseTimes {
    return this.#phases;
  }

  emit(event: DeployEvent): void {
    if (event.kind === 'planned') {
      this.#planned = event.objects;
      this.#counted = new Set(event.objects.map(({ object }) => object));
      this.#written.clear();
    }
    if (event.kind === 'object' && this.#counted.has(event.planned.object)) this.#count(event.planned);
    for (const listener of this.#listeners) listener.on(event, this.elapsedMs);
  }

  #count({ set, action }: PlannedObject): void {
    const counts = this.#written.get(set) ?? new Map<Action, number>();
    this.#written.set(set, counts.set(action, (counts.get(action) ?? 0) + 1));
  }

  /** Runs and times one phase. Phases may overlap; one that comes again adds to its time. */
  async phase<T>(phase: PhaseName, work: () => Promise<T>): Promise<T> {
    const startMs = performance.now();
    try {
      return await work();
    } finally {
      const phaseMs = performance.now() - startMs;
      this.#phases.set(phase, (this.#phases.get(phase) ?? 0) + phaseMs);
      this.emit({ kind: 'phase', phase, phaseMs });
    }
  }

  /** How many of how many objects are done; undefined before there is a plan, and where it changes nothing. */
  get written(): { readonly done: number; readonly all: number; readonly isDeleting: boolean } | undefined {
    const planned = this.#planned;
    if (planned === undefined || !planned.some(({ action }) => isChange(action))) return undefined;
    const isDeleting = planned.some(({ action }) => action === 'delete');
    const done = [...this.#written.values()].flatMap((counts) => [...counts.values()]).reduce((sum, n) => sum + n, 0);
    return { done, all: planned.length, isDeleting };
  }

  /** How many objects of a set, `namespace/stack`, are done, by action. */
  doneIn(set: string): ReadonlyMap<Action, number> {
    return this.#written.get(set) ?? new Map<Action, number>();
  }

  /** Ends the run for all listeners. A second call does nothing. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    for (const listener of this.#listeners) await listener.close?.();
  }
}
