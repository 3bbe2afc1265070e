// The manifests of an environment as files of a repository: a folder for each stack, a file for each object. Pure.
import { posix } from 'node:path';
import { ToolError } from '../../lib/errors.ts';
import { resourcesOfDefinition } from '../kube/objects.ts';
import { manifestYaml } from '../model/manifest_yaml.ts';
import { type KubeObject, asRecord, groupKind, groupOf, nameOf } from '../model/object.ts';
import { hasPlaceholder } from '../model/placeholder.ts';
import type { LoadedSet, ObjectInput, PinnedImage } from '../model/plan_input.ts';
import { CLUSTER_SCOPED } from '../model/scopes.ts';
import { mentionsReference } from '../secrets/reference.ts';

/** A stack as files. */
export interface StackFiles {
  /** The folder's name. */
  readonly name: string;
  readonly label: string;
  /** Name of a file in the folder → its text. */
  readonly files: ReadonlyMap<string, string>;
  readonly pinned: readonly PinnedImage[];
  /** Secrets whose values the engine fills in: there is no file of them. */
  readonly leftOut: readonly string[];
}

/**
 * The files of stacks; a set that several stacks share is one. Throws K8S_GITOPS_PERSONAL, K8S_GITOPS_SECRET,
 * K8S_UNPINNED, K8S_DUPLICATE_STACK.
 */
export function stackFiles(sets: readonly LoadedSet[]): StackFiles[] {
  const distinct = [...new Map(sets.map((set) => [`${set.label} ${set.namespace}`, set])).values()];
  const definitions = distinct.flatMap(({ objects }) => objects.flatMap((input) => input.objects));
  const clusterScoped = new Set([
    ...CLUSTER_SCOPED,
    ...definitions
      .flatMap(resourcesOfDefinition)
      .filter(({ isNamespaced }) => !isNamespaced)
      .map(groupKind),
  ]);
  const stacks = distinct
    .filter(({ objects }) => objects.length > 0)
    .map((set) => {
      for (const input of set.objects) refuse(input);
      const files = filesOf(set, clusterScoped);
      const leftOut = set.objects.flatMap(({ objects }) => objects.filter(isFilledIn).map(nameOf));
      const pinned = set.objects.flatMap((input) => input.pinned ?? []);
      return { name: folderOf(set), label: set.label, files, pinned, leftOut };
    });
  for (const [name, [first, second]] of Map.groupBy(stacks, (stack) => stack.name)) {
    if (first === undefined || second === undefined) continue;
    throw new ToolError(
      'K8S_DUPLICATE_STACK',
      `Writing manifests: ${first.label} and ${second.label} are both '${name}'`,
      {
        hint: 'Give one of them another name with the attribute stack.',
      },
    );
  }
  return stacks.sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** What must not be in a repository. */
function refuse({ label, images, objects }: ObjectInput): void {
  const personal = objects.find(hasPlaceholder);
  if (personal !== undefined) {
    throw new ToolError(
      'K8S_GITOPS_PERSONAL',
      `Writing manifests of ${label}: ${nameOf(personal)} is for a personal namespace, whose name only the engine fills in`,
      { hint: 'Write an environment that has a namespace of its own; personal ones are deployed with .apply.' },
    );
  }
  const [built] = images;
  if (built !== undefined) {
    throw new ToolError(
      'K8S_UNPINNED',
      `Writing manifests of ${label}: ${built.ref} is built just now, and has no digest yet`,
      {
        hint: 'Set images = "pinned" for the environment in cluster_constants.bzl, and record pins with :release and :promote.',
      },
    );
  }
  const secret = objects.find(isPlainSecret);
  if (secret !== undefined) {
    throw new ToolError(
      'K8S_GITOPS_SECRET',
      `Writing manifests of ${label}: ${nameOf(secret)} has values, which must not get into git`,
      {
        hint: 'Have the cluster make the Secret (an operator such as External Secrets or Sealed Secrets), or deploy this stack with .apply.',
      },
    );
  }
}

/** A Secret with a value that is no reference. */
function isPlainSecret(object: KubeObject): boolean {
  const values = valuesOf(object);
  return values.length > 0 && !values.every(mentionsReference);
}

/** A Secret whose values are references: docs/secrets.md. */
function isFilledIn(object: KubeObject): boolean {
  return valuesOf(object).length > 0;
}

function valuesOf({ apiVersion, kind, ...fields }: KubeObject): string[] {
  if (kind !== 'Secret' || groupOf(apiVersion) !== '') return [];
  return ['data', 'stringData'].flatMap((field) => Object.values(asRecord(fields[field]) ?? {}).map(String));
}

/** The name of a stack; an object that is applied alone has that of its target. */
function folderOf({ stack, label }: LoadedSet): string {
  return stack === '' ? plain(label.replace(/^@?\/\//, '')) : plain(stack);
}

function filesOf(set: LoadedSet, clusterScoped: ReadonlySet<string>): ReadonlyMap<string, string> {
  const objects = set.objects.flatMap((input) =>
    input.objects
      .filter((object) => !isFilledIn(object))
      .map((object) => ({ label: input.label, object: placed(object, input, clusterScoped) })),
  );
  const byName = Map.groupBy(objects, ({ object }) => shortName(object));
  const files = new Map<string, string>();
  for (const { label, object } of objects) {
    const short = shortName(object);
    const name = (byName.get(short)?.length ?? 0) > 1 ? longName(object) : short;
    files.set(`${name}.yaml`, textOf(label, object));
  }
  return files;
}

function shortName({ kind, metadata: { name } }: KubeObject): string {
  return plain(`${kind}-${name}`);
}

/** For two objects that differ in group or namespace alone. */
function longName({ apiVersion, kind, metadata: { name, namespace } }: KubeObject): string {
  return plain([kind, groupOf(apiVersion), namespace ?? '', name].filter((part) => part !== '').join('-'));
}

/** A name that every file system takes, for names that Kubernetes takes; signs that are left out are in it as codes. */
function plain(text: string): string {
  return text.toLowerCase().replaceAll(/[^a-z0-9.-]/g, (sign) => (/[/_:]/.test(sign) ? '-' : `_${sign.charCodeAt(0)}`));
}

/** The object with the namespace that the engine would give it. */
function placed(object: KubeObject, { connection }: ObjectInput, clusterScoped: ReadonlySet<string>): KubeObject {
  const { namespace } = connection;
  if (object.metadata.namespace !== undefined || namespace === '' || clusterScoped.has(groupKind(object)))
    return object;
  return { ...object, metadata: { ...object.metadata, namespace } };
}

function textOf(label: string, object: KubeObject): string {
  return `# Rendered by Fathom from ${label}: changes are made there, and are lost here.\n${manifestYaml(object)}`;
}

/** All files of stacks, by their paths below a folder of the repository. */
export function pathsOfFiles(stacks: readonly StackFiles[], folder: string): ReadonlyMap<string, string> {
  return new Map(
    stacks.flatMap(({ name, files }) =>
      [...files].map(([file, text]) => [posix.join(folder, name, file), text] as const),
    ),
  );
}
