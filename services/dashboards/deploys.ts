// Who applied a service when, of which commit, and what that changed: told by the deploy engine in a ConfigMap beside the
// stack's inventory (docs/deploys.md), and read as these come and go.
import { type DeployRun, deploySeconds, readDeploys, toldStack } from '../../tools/k8s/model/deploys.ts';
import type { KubeObject } from '../../tools/k8s/model/object.ts';
import type { Deploy, DeploysAnswer } from './shared/api.ts';
import type { WatchListener } from './watch.ts';

export interface Deploys extends WatchListener {
  of(namespace: string, stack: string): DeploysAnswer;
  /** Calls `listener` after each change, until the returned function is called. */
  onUpdate(listener: () => void): () => void;
}

/** No deploys yet: filled by {@link WatchListener}'s calls. */
export function createDeploys(): Deploys {
  const told = new Map<string, readonly Deploy[]>();
  const listeners = new Set<() => void>();
  let stale: string | undefined = 'The cluster has not been asked yet';
  let limited: string | undefined;
  const changed = () => {
    for (const listener of listeners) listener();
  };
  const keep = (object: KubeObject) => {
    const stack = toldStack(object.metadata.name);
    const deploys = readDeploys(object).map((run) => deployOf(stack, run));
    told.set(keyOf(object.metadata.namespace ?? '', stack), deploys);
  };
  return {
    onList(objects) {
      const before = JSON.stringify([...told]);
      told.clear();
      for (const object of objects) keep(object);
      if (JSON.stringify([...told]) !== before) changed();
    },
    onChange(type, object) {
      if (type === 'gone') told.delete(keyOf(object.metadata.namespace ?? '', toldStack(object.metadata.name)));
      else keep(object);
      changed();
    },
    onState(problem) {
      stale = problem === undefined ? undefined : `Deploys can't be watched: ${problem}`;
    },
    onLimit(next) {
      limited = next;
    },
    of(namespace, stack) {
      const deploys = told.get(keyOf(namespace, stack)) ?? [];
      if (deploys.length > 0) return { deploys };
      return { deploys, problem: stale ?? limited ?? `No deploy of the stack ${stack} in ${namespace} is known yet` };
    },
    onUpdate(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

function keyOf(namespace: string, stack: string): string {
  return `${namespace}/${stack}`;
}

function deployOf(stack: string, run: DeployRun): Deploy {
  const { number: revision, verb, state, who, when, commit, error, isDirty = false, phases, objects } = run;
  return {
    ...{ stack, revision, verb, isUnfinished: state !== 'done', who, time: Date.parse(when) / 1000, isDirty },
    ...{ seconds: deploySeconds(run), phases, objects },
    ...(commit === undefined ? {} : { commit }),
    ...(error === undefined ? {} : { error }),
  };
}
