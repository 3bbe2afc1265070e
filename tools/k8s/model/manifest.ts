// Manifest files: from text to checked objects. Runs at build time, so that engines start with JSON that is right.
import { parseAllDocuments } from 'yaml';
import { ToolError, errorText } from '../../lib/errors.ts';
import { type KubeObject, asRecord } from './object.ts';

/** Options of {@link parseManifest}. */
export interface ManifestOptions {
  /** The target, for errors: `//services/x:prod__deployment`. */
  readonly label: string;
  /** The file, for errors. */
  readonly file: string;
  /** The kind that the objects must have. Default: any. Case does not matter. */
  readonly kind?: string | undefined;
}

const HINT = 'Every document must be a Kubernetes object with apiVersion, kind and metadata.name.';
const DNS_SUBDOMAIN = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;

/**
 * Parses a YAML or JSON manifest of one or many documents; empty documents are skipped, Lists are taken apart.
 * Throws K8S_MANIFEST_SYNTAX, K8S_MANIFEST_EMPTY, K8S_NOT_AN_OBJECT, K8S_KIND_MISMATCH and K8S_DUPLICATE_OBJECT,
 * each with label, file and object.
 */
export function parseManifest(text: string, options: ManifestOptions): KubeObject[] {
  const where = `${options.label}: ${options.file}`;
  const objects = readDocuments(text, where).flatMap((value, index) => flatten(value, where, `document ${index + 1}`));
  if (objects.length === 0) {
    throw new ToolError('K8S_MANIFEST_EMPTY', `Reading ${where}: there is no object in it`, { hint: HINT });
  }
  checkKind(objects, options, where);
  checkDuplicates(objects, where);
  return objects;
}

function readDocuments(text: string, where: string): unknown[] {
  const documents = parseAllDocuments(text, { merge: true, logLevel: 'silent' });
  if (!Array.isArray(documents)) return [];
  return documents.flatMap((document) => {
    const [error] = document.errors;
    if (error !== undefined) throw syntax(where, error);
    let value: unknown;
    try {
      value = document.toJS({ maxAliasCount: 1000 });
    } catch (cause) {
      throw syntax(where, cause);
    }
    return value === null || value === undefined ? [] : [value];
  });
}

function syntax(where: string, cause: unknown): ToolError {
  return new ToolError('K8S_MANIFEST_SYNTAX', `Reading ${where}: ${errorText(cause).replace(/:$/, '')}`, {
    cause,
    hint: 'Correct the YAML or JSON at that place.',
  });
}

function flatten(value: unknown, where: string, what: string): KubeObject[] {
  const record = asRecord(value);
  if (record !== undefined && typeof record['kind'] === 'string' && record['kind'].endsWith('List')) {
    const items = record['items'];
    if (Array.isArray(items)) return items.flatMap((item, index) => flatten(item, where, `${what}, item ${index + 1}`));
  }
  return [checkObject(value, where, what)];
}

function checkObject(value: unknown, where: string, what: string): KubeObject {
  const record = asRecord(value);
  const metadata = asRecord(record?.['metadata']);
  const refuse = (problem: string, hint = HINT): never => {
    const kind = typeof record?.['kind'] === 'string' ? ` (${record['kind']})` : '';
    throw new ToolError('K8S_NOT_AN_OBJECT', `Reading ${where}, ${what}${kind}: ${problem}`, { hint });
  };
  if (record === undefined) return refuse('it is no object');
  for (const field of ['apiVersion', 'kind'] as const) {
    if (typeof record[field] !== 'string' || record[field] === '') refuse(`'${field}' is missing or no string`);
  }
  if (metadata === undefined) return refuse("'metadata' is missing");
  if (metadata['generateName'] !== undefined) {
    refuse("'metadata.generateName' makes another object at every run", 'Give the object a metadata.name.');
  }
  const { name, namespace } = metadata;
  if (typeof name !== 'string' || name === '') return refuse("'metadata.name' is missing or no string");
  if (/[/%]/.test(name) || name === '.' || name === '..') refuse(`'metadata.name' is '${name}', which is no name`);
  if (namespace !== undefined && (typeof namespace !== 'string' || !DNS_SUBDOMAIN.test(namespace))) {
    refuse(`'metadata.namespace' is ${JSON.stringify(namespace)}, which is no name`);
  }
  for (const field of ['labels', 'annotations'] as const) {
    const map = metadata[field] ?? {};
    const entry = Object.entries(asRecord(map) ?? { [field]: map }).find(([, text]) => typeof text !== 'string');
    if (entry !== undefined) {
      refuse(`'metadata.${field}.${entry[0]}' is ${JSON.stringify(entry[1])}, no string`, 'Put it in quotes.');
    }
  }
  return value as KubeObject;
}

function checkKind(objects: readonly KubeObject[], options: ManifestOptions, where: string): void {
  if (options.kind === undefined || options.kind === '') return;
  const wanted = options.kind.toLowerCase();
  if (objects.some(({ kind }) => kind.toLowerCase() === wanted || `${kind.toLowerCase()}s` === wanted)) return;
  const kinds = [...new Set(objects.map(({ kind }) => kind))].join(', ');
  throw new ToolError('K8S_KIND_MISMATCH', `Reading ${where}: 'kind' says ${options.kind}, the file has ${kinds}`, {
    hint: `Set kind = "${objects[0]?.kind}", or name another template.`,
  });
}

function checkDuplicates(objects: readonly KubeObject[], where: string): void {
  const seen = new Set<string>();
  for (const { apiVersion, kind, metadata } of objects) {
    const key = `${apiVersion} ${kind} ${metadata.namespace ?? ''}/${metadata.name}`;
    if (seen.has(key)) {
      throw new ToolError('K8S_DUPLICATE_OBJECT', `Reading ${where}: ${kind} ${metadata.name} is there twice`, {
        hint: 'Remove one of the two.',
      });
    }
    seen.add(key);
  }
}
