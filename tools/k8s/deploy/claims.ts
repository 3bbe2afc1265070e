// Claims that StatefulSets make of their templates, `<template>-<set>-<number>`: they have no label of the stack, and stay
// when their StatefulSet goes.
import { mapLimited } from '../../lib/limit.ts';
import type { Resource } from '../kube/discovery.ts';
import { type Target, getMetadata, listObjects } from '../kube/objects.ts';
import { type KubeObject, asList, groupKind, textAt } from '../model/object.ts';
import type { Connected } from './session.ts';

const STATEFUL_SETS: Resource = {
  apiVersion: 'apps/v1',
  kind: 'StatefulSet',
  plural: 'statefulsets',
  isNamespaced: true,
};
const CLAIMS: Resource = {
  apiVersion: 'v1',
  kind: 'PersistentVolumeClaim',
  plural: 'persistentvolumeclaims',
  isNamespaced: true,
};
const CONCURRENCY = 16;

/** The templates of a StatefulSet, `namespace/set/template`; none where its claims go with it. */
export function templatesOf(object: KubeObject): string[] {
  const { namespace = '', name } = object.metadata;
  if (groupKind(object) !== 'StatefulSet.apps') return [];
  if (textAt(object, 'spec', 'persistentVolumeClaimRetentionPolicy', 'whenDeleted') === 'Delete') return [];
  const templates = asList((object['spec'] as { volumeClaimTemplates?: unknown } | undefined)?.volumeClaimTemplates);
  return templates.map((template) => `${namespace}/${name}/${textAt(template, 'metadata', 'name') ?? ''}`);
}

/** Those of `templates` whose StatefulSet is none of `objects`. */
export function templatesWithout(templates: readonly string[], objects: readonly KubeObject[]): string[] {
  const sets = new Set(
    objects
      .filter((object) => groupKind(object) === 'StatefulSet.apps')
      .map(({ metadata }) => `${metadata.namespace ?? ''}/${metadata.name}`),
  );
  return templates.filter((template) => !sets.has(setOf(template)));
}

function setOf(template: string): string {
  return template.slice(0, template.lastIndexOf('/'));
}

/** Those of `templates` whose StatefulSet is nowhere: another stack may have made one of the name, whose claims they are. */
export async function orphaned(templates: readonly string[], { client }: Connected): Promise<string[]> {
  const sets = [...new Set(templates.map(setOf))];
  const there = await mapLimited(sets, CONCURRENCY, async (set) => {
    const [namespace = '', name = ''] = set.split('/');
    const { apiVersion, kind } = STATEFUL_SETS;
    const object: KubeObject = { apiVersion, kind, metadata: { namespace, name } };
    return (await getMetadata(client, { resource: STATEFUL_SETS, object })) === undefined ? [] : [set];
  });
  return templates.filter((template) => !there.flat().includes(setOf(template)));
}

/** A claim and the template that it was made of. */
export interface TemplateClaim {
  readonly target: Target;
  readonly template: string;
}

/** The claims of `templates`. */
export async function claimsOf(templates: readonly string[], { client }: Connected): Promise<TemplateClaim[]> {
  const namespaces = [...new Set(templates.map((template) => template.split('/')[0] ?? ''))];
  const lists = await mapLimited(namespaces, CONCURRENCY, (namespace) => listObjects(client, CLAIMS, { namespace }));
  return lists.flat().flatMap((object) => {
    const template = templates.find((candidate) => isMadeOf(object, candidate));
    return template === undefined ? [] : [{ target: { object, resource: CLAIMS }, template }];
  });
}

function isMadeOf({ metadata }: KubeObject, template: string): boolean {
  const [namespace, set = '', name = ''] = template.split('/');
  const prefix = `${name}-${set}-`;
  const isNamed = metadata.name.startsWith(prefix) && /^\d+$/.test(metadata.name.slice(prefix.length));
  return metadata.namespace === namespace && isNamed;
}
