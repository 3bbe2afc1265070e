// What is told of a stack's deploys: a ConfigMap beside the stack's inventory, for those who may not read that Secret.
// The engine writes it (deploy/tell.ts); the page of dashboards and the metrics of deploys are made of it. There is no
// object and no value in it: who deployed when, of which commit, how long it took, and how many objects it changed.
import { asList, asRecord, numberAt, textAt } from './object.ts';

/** On each such ConfigMap, with the value `true`. */
export const DEPLOYS_LABEL = 'fathom.internal/deploys';
/** The key with the runs, the oldest first. */
export const DEPLOYS_KEY = 'deploys.json';

/**
 * How many runs are told of, the newest: more than revisions of the history, as a run takes some 400 bytes here, and an
 * inventory's revision all its objects. A day's work on one service fits, and 50 stacks' runs take a megabyte.
 */
export const TOLD_RUNS = 50;

/** What the names of a stack's inventory and of this ConfigMap begin with. */
export const PARENT_PREFIX = 'fathom-';

/** One run that changed a stack. */
export interface DeployRun {
  /** The revision in the stack's history. */
  readonly number: number;
  /** What is the same for all stacks that one run changed. */
  readonly run: string;
  readonly verb: string;
  /** `started`: it is still being written, was cut off, or has failed; `done`: all is written. */
  readonly state: 'started' | 'done';
  /** `ada@laptop` */
  readonly who: string;
  /** When it began, RFC 3339. */
  readonly when: string;
  /** When it ended, or, while it waits, when all was written; undefined: nobody knows of an end. */
  readonly finished?: string;
  /** The code of the error with which it ended; where the state is `done`, something was not ready in time. */
  readonly error?: string;
  readonly commit?: string;
  /** Whether the checkout had changes that are in no commit. */
  readonly isDirty?: boolean;
  /** The revision whose objects it put back. */
  readonly restores?: number;
  /** Seconds by phase, of the whole run: it may have changed further stacks. */
  readonly phases: Readonly<Record<string, number>>;
  /** How many objects are as they should be, by what was done for that. */
  readonly objects: Readonly<Record<string, number>>;
  /** How many objects there were to do. */
  readonly planned: number;
  readonly images: number;
}

/** The stack that the ConfigMap of this name tells of. */
export function toldStack(name: string): string {
  return name.startsWith(PARENT_PREFIX) ? name.slice(PARENT_PREFIX.length) : name;
}

/** The runs in a ConfigMap, the oldest first; what cannot be read is left out. */
export function readDeploys(configMap: unknown): readonly DeployRun[] {
  let runs: unknown;
  try {
    runs = JSON.parse(textAt(configMap, 'data', DEPLOYS_KEY) ?? '[]');
  } catch {
    return [];
  }
  return asList(runs).flatMap((one) => runOf(one) ?? []);
}

function runOf(one: unknown): DeployRun | undefined {
  const number = numberAt(one, 'number');
  const when = textAt(one, 'when');
  if (number === undefined || when === undefined || Number.isNaN(Date.parse(when))) return undefined;
  const optional = {
    finished: textAt(one, 'finished'),
    error: textAt(one, 'error'),
    commit: textAt(one, 'commit'),
    restores: numberAt(one, 'restores'),
    isDirty: asRecord(one)?.['isDirty'] === true || undefined,
  };
  return {
    number,
    run: textAt(one, 'run') ?? '',
    verb: textAt(one, 'verb') ?? 'apply',
    state: textAt(one, 'state') === 'done' ? 'done' : 'started',
    who: textAt(one, 'who') ?? '',
    when,
    ...Object.fromEntries(Object.entries(optional).filter(([, value]) => value !== undefined)),
    phases: numbersAt(one, 'phases'),
    objects: numbersAt(one, 'objects'),
    planned: numberAt(one, 'planned') ?? 0,
    images: numberAt(one, 'images') ?? 0,
  };
}

function numbersAt(one: unknown, field: string): Readonly<Record<string, number>> {
  return Object.fromEntries(
    Object.entries(asRecord(asRecord(one)?.[field]) ?? {}).filter(
      (entry): entry is [string, number] => typeof entry[1] === 'number',
    ),
  );
}

/** How long a run worked, in seconds: images are pushed while the plan is made. */
export function deploySeconds({ phases }: Pick<DeployRun, 'phases'>): number {
  const { plan = 0, push = 0, ...others } = phases;
  return Object.values(others).reduce((sum, seconds) => sum + seconds, Math.max(plan, push));
}
