// The inventory of a shallow stack: an ApplySet, whose parent is a Secret.
// https://github.com/kubernetes/enhancements/tree/master/keps/sig-cli/3659-kubectl-apply-prune
import { createHash } from 'node:crypto';
import { PARENT_PREFIX } from '../model/deploys.ts';
import { type KubeObject, groupKind } from '../model/object.ts';

const PREFIX = 'applyset.kubernetes.io';
/** On every member: the id of its set. */
export const PART_OF = `${PREFIX}/part-of`;
/** On every parent: the id of its set. */
export const SET_ID = `${PREFIX}/id`;
const TOOLING = `${PREFIX}/tooling`;
const GROUP_KINDS = `${PREFIX}/contains-group-kinds`;
const NAMESPACES = `${PREFIX}/additional-namespaces`;
/** Which stacks asked for the set's members: JSON list of their names. */
const ROOTS = 'fathom.internal/roots';
/** Templates of claims whose StatefulSets are gone: JSON list of `namespace/set/template`; see claims.ts. */
const CLAIMS = 'fathom.internal/claims';
const STACK = 'fathom.internal/stack';
/** The newest revision's number, followed by ` started` until all of it is written; see record.ts. */
export const REVISION = 'fathom.internal/revision';

/** Written into `tooling`: kubectl refuses to prune what another tool manages. */
export const TOOL = 'fathom/v1';

/** What the parent says. */
export interface Inventory {
  /** The parent's namespace. */
  readonly namespace: string;
  /** The stack's name. */
  readonly stack: string;
  /** Kinds of its members, `Deployment.apps`, sorted. */
  readonly groupKinds: readonly string[];
  /** Namespaces of its members beside the parent's, sorted. */
  readonly namespaces: readonly string[];
  /** Stacks that asked for it, sorted. */
  readonly roots: readonly string[];
  /** Templates of claims that StatefulSets have left, `namespace/set/template`, sorted. */
  readonly claims: readonly string[];
}

/** The parent's name. */
export function parentName(stack: string): string {
  return `${PARENT_PREFIX}${stack}`;
}

/** A set by its place. */
export function placeKey({ namespace, stack }: { readonly namespace: string; readonly stack: string }): string {
  return `${namespace}/${stack}`;
}

/** The id of the set of a stack in a namespace, as the KEP computes it: name, namespace, kind and group of the parent. */
export function applySetId(stack: string, namespace: string): string {
  const parent = `${parentName(stack)}.${namespace}.Secret.`;
  const known = ids.get(parent) ?? `applyset-${createHash('sha256').update(parent).digest('base64url')}-v1`;
  ids.set(parent, known);
  return known;
}

// It is asked for once for each member.
const ids = new Map<string, string>();

/** The parent as an object. */
export function parentObject(inventory: Inventory): KubeObject {
  const { namespace, stack } = inventory;
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: {
      name: parentName(stack),
      namespace,
      labels: { [SET_ID]: applySetId(stack, namespace), 'app.kubernetes.io/managed-by': 'fathom' },
      annotations: {
        [TOOLING]: TOOL,
        [GROUP_KINDS]: inventory.groupKinds.join(','),
        [NAMESPACES]: inventory.namespaces.join(','),
        [ROOTS]: JSON.stringify(inventory.roots),
        ...(inventory.claims.length === 0 ? {} : { [CLAIMS]: JSON.stringify(inventory.claims) }),
        [STACK]: stack,
      },
    },
    type: 'fathom.internal/inventory',
  };
}

/** The tool that a parent says it belongs to: `kubectl/v1.34`; undefined for an object that is no parent. */
export function toolOf(parent: KubeObject): string | undefined {
  return parent.metadata.annotations?.[TOOLING];
}

/** Reads a parent. Unreadable lists count as empty. */
export function readInventory(parent: KubeObject): Inventory {
  const annotations = parent.metadata.annotations ?? {};
  const words = (text: string | undefined) => (text ?? '').split(',').filter((word) => word !== '');
  return {
    namespace: parent.metadata.namespace ?? '',
    stack: annotations[STACK] ?? parent.metadata.name.replace(/^fathom-/, ''),
    groupKinds: words(annotations[GROUP_KINDS]),
    namespaces: words(annotations[NAMESPACES]),
    roots: readList(annotations[ROOTS]),
    claims: readList(annotations[CLAIMS]),
  };
}

function readList(text: string | undefined): string[] {
  try {
    const value: unknown = JSON.parse(text ?? '[]');
    return Array.isArray(value) ? value.filter((word): word is string => typeof word === 'string') : [];
  } catch {
    return [];
  }
}

/** The inventory of some members. */
export function inventoryOf(
  place: { readonly namespace: string; readonly stack: string },
  members: readonly KubeObject[],
  { roots = [], claims = [] }: Partial<Pick<Inventory, 'roots' | 'claims'>> = {},
): Inventory {
  const others = members.map(({ metadata }) => metadata.namespace).filter((name) => name !== undefined);
  return {
    ...place,
    groupKinds: sorted(members.map(groupKind)),
    namespaces: sorted(others).filter((name) => name !== place.namespace),
    roots: sorted(roots),
    claims: sorted(claims),
  };
}

/** All that either says: what a parent must say while members come and go. */
export function unionOf(a: Inventory, b: Inventory): Inventory {
  return {
    namespace: a.namespace,
    stack: a.stack,
    groupKinds: sorted([...a.groupKinds, ...b.groupKinds]),
    namespaces: sorted([...a.namespaces, ...b.namespaces]),
    roots: sorted([...a.roots, ...b.roots]),
    claims: sorted([...a.claims, ...b.claims]),
  };
}

/** Whether two inventories say the same. */
export function isSameInventory(a: Inventory, b: Inventory): boolean {
  return JSON.stringify(parentObject(a)) === JSON.stringify(parentObject(b));
}

function sorted(words: readonly string[]): string[] {
  return [...new Set(words)].sort();
}
