// References in Kubernetes objects: where they may be, how values take their place, and how they are taken out again.
// Pure.
import { isUtf8 } from 'node:buffer';
import { ToolError } from '../../lib/errors.ts';
import { type KubeObject, asRecord, nameOf } from '../model/object.ts';
import {
  type SecretReference,
  isWholeReference,
  mentionsReference,
  referencesIn,
  replaceReferences,
} from './reference.ts';

/** On a Secret in the cluster: JSON of its keys whose values come from references, with these. */
export const REFERENCES = 'fathom.internal/secret-references';
/** On a Secret with such values: a random word that is another one whenever its values change. */
export const VERSION = 'fathom.internal/secret-version';

/** Whether values of the object come from references. */
export function hasReferences(object: KubeObject): boolean {
  return Object.values(stringDataOf(object)).some(mentionsReference);
}

/**
 * The references of an object. Throws K8S_SECRET_REFERENCE for what is none, and K8S_SECRET_MISPLACED for what is
 * anywhere but in the stringData of a Secret.
 */
export function referencesOf(object: KubeObject, label: string): SecretReference[] {
  const name = `${nameOf(object)} of ${label}`;
  const misplaced = findMisplaced(object);
  if (misplaced !== undefined) {
    throw new ToolError('K8S_SECRET_MISPLACED', `Reading ${name}: ${misplaced} has a secret reference`, {
      hint: 'Put it into the stringData of a Secret, and let the pod read that: env.valueFrom.secretKeyRef, or a volume.',
    });
  }
  return Object.entries(stringDataOf(object)).flatMap(([key, text]) => referencesIn(text, `${name}, key ${key}`));
}

function stringDataOf(object: KubeObject): Readonly<Record<string, string>> {
  if (object.kind !== 'Secret' || object.apiVersion !== 'v1') return {};
  const entries = Object.entries(asRecord(object['stringData']) ?? {});
  return Object.fromEntries(entries.filter((entry): entry is [string, string] => typeof entry[1] === 'string'));
}

/** The path of the first string with a reference where none can be filled in. */
function findMisplaced(object: KubeObject): string | undefined {
  const isSecret = object.kind === 'Secret' && object.apiVersion === 'v1';
  const walk = (value: unknown, path: string): string | undefined => {
    if (typeof value === 'string') {
      // As base64 it would not be seen, and go to the cluster as it is.
      const text = isSecret && path.startsWith('data.') ? Buffer.from(value, 'base64').toString('utf8') : '';
      return mentionsReference(value) || mentionsReference(text) ? path : undefined;
    }
    const entries = Array.isArray(value) ? value.entries() : Object.entries(asRecord(value) ?? {});
    for (const [key, item] of entries) {
      if (isSecret && path === '' && key === 'stringData') continue;
      const found = walk(item, typeof key === 'number' ? `${path}[${key}]` : path === '' ? key : `${path}.${key}`);
      if (found !== undefined) return found;
    }
    return undefined;
  };
  return walk(object, '');
}

/**
 * The object with values in place of references. `valueOf` has one for each reference's text.
 * Throws K8S_SECRET_BINARY for a value that is no text, inside of one.
 */
export function fillReferences(object: KubeObject, valueOf: (reference: string) => Buffer): KubeObject {
  if (!hasReferences(object)) return object;
  const { stringData: _stringData, data, metadata, ...rest } = object;
  const texts = Object.entries(stringDataOf(object));
  const values = texts.map(([key, text]) => {
    const where = `key ${key} of ${nameOf(object)}`;
    return [key, filled(text, where, valueOf).toString('base64')] as const;
  });
  const references = Object.fromEntries(texts.filter(([, text]) => mentionsReference(text)).sort(byKey));
  const annotations = { ...metadata.annotations, [REFERENCES]: JSON.stringify(references) };
  // The server keeps no stringData: what it is given as data it can be compared with.
  return {
    ...rest,
    metadata: { ...metadata, annotations },
    data: { ...asRecord(data), ...Object.fromEntries(values) },
  };
}

function filled(text: string, where: string, valueOf: (reference: string) => Buffer): Buffer {
  if (!mentionsReference(text)) return Buffer.from(text, 'utf8');
  if (isWholeReference(text)) return valueOf(text.slice(2, -1));
  const textOf = (reference: string): string => {
    const value = valueOf(reference);
    if (isUtf8(value)) return value.toString('utf8');
    throw new ToolError('K8S_SECRET_BINARY', `Filling in ${where}: the value of ${reference} is no UTF-8 text`, {
      hint: 'Give it a key of its own, or write it into the text with ?encode=base64.',
    });
  };
  return Buffer.from(replaceReferences(text, textOf), 'utf8');
}

function byKey([a]: readonly [string, string], [b]: readonly [string, string]): number {
  return a < b ? -1 : 1;
}

/** The object with its references in place of values: what may be kept, and filled in again later. */
export function withoutValues(object: KubeObject): KubeObject {
  const text = object.metadata.annotations?.[REFERENCES];
  if (object.kind !== 'Secret' || text === undefined) return object;
  const { [REFERENCES]: _references, [VERSION]: _version, ...annotations } = object.metadata.annotations ?? {};
  const references = parseRecord(text);
  const data = Object.entries(asRecord(object['data']) ?? {}).filter(([key]) => !(key in references));
  const { data: _data, metadata, ...rest } = object;
  const { annotations: _annotations, ...others } = metadata;
  return {
    ...rest,
    metadata: Object.keys(annotations).length === 0 ? others : { ...others, annotations },
    ...(data.length === 0 ? {} : { data: Object.fromEntries(data) }),
    stringData: references,
  };
}

/** What the annotation says; nothing where somebody else has written into it. */
function parseRecord(text: string): Readonly<Record<string, unknown>> {
  try {
    return asRecord(JSON.parse(text)) ?? {};
  } catch {
    return {};
  }
}
