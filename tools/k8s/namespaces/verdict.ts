// What becomes of a personal namespace: kept, collected, or left alone as somebody else's. Pure.
import { isApplied } from '../kube/objects.ts';
import { type KubeObject, numberAt, textAt } from '../model/object.ts';
import { CREATED, EXPIRES, KIND, MANAGED_BY, OWNER, OWNER_NAME, RELEASED } from '../deploy/personal_namespace.ts';

/** `gone`: it can be collected; `ending`: it is being deleted; `foreign`: not Fathom's to delete. */
export type State = 'kept' | 'gone' | 'ending' | 'foreign';

/** What is known of a namespace that says it is a personal one. */
export interface Verdict {
  readonly namespace: KubeObject;
  readonly owner: string;
  readonly state: State;
  /** Why, for people. */
  readonly reason: string;
}

/** By which namespaces are found that may be personal ones. */
export const SELECTOR = `${MANAGED_BY}=fathom,${KIND}=personal`;

/** Judges by the server's clock. `reserved` namespaces are nobody's own, whatever they say. */
export function judge(namespace: KubeObject, nowMs: number, reserved: readonly string[]): Verdict {
  const { name, labels = {}, annotations = {}, deletionTimestamp } = namespace.metadata;
  const owner = annotations[OWNER_NAME] ?? labels[OWNER] ?? name;
  const verdict = (state: State, reason: string): Verdict => ({ namespace, owner, state, reason });
  const isReserved = reserved.includes(name) || name === 'default' || /^(kube|fathom)-/.test(name);
  if (isReserved) return verdict('foreign', 'its name is reserved');
  if (labels[OWNER] !== name) return verdict('foreign', `its owner is '${labels[OWNER] ?? 'nobody'}'`);
  if (annotations[CREATED] === undefined || !isApplied(namespace)) {
    return verdict('foreign', 'somebody else has made it');
  }
  if (deletionTimestamp !== undefined) return verdict('ending', `since ${deletionTimestamp}`);
  const released = annotations[RELEASED];
  if (released !== undefined) return verdict('gone', `released at ${released}`);
  const end = annotations[EXPIRES];
  if (end === undefined) return verdict('kept', 'does not expire');
  const endMs = Date.parse(end);
  if (Number.isNaN(endMs)) return verdict('kept', `expires at '${end}', which is no time`);
  return endMs <= nowMs ? verdict('gone', `expired at ${end}`) : verdict('kept', `expires at ${end}`);
}

/** Who holds one of the leases of a namespace's stacks now: a run is at work there. */
export function holderOf(leases: readonly KubeObject[], nowMs: number): string | undefined {
  const held = leases.find((lease) => {
    const renewedMs = Date.parse(textAt(lease, 'spec', 'renewTime') ?? '');
    const lastsMs = (numberAt(lease, 'spec', 'leaseDurationSeconds') ?? 0) * 1000;
    return lease.metadata.name.startsWith('fathom-') && renewedMs + lastsMs > nowMs;
  });
  return held === undefined ? undefined : (textAt(held, 'spec', 'holderIdentity') ?? 'somebody');
}
