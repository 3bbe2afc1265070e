// The index of built-in kinds: what the build makes of Kubernetes' own files, and what every check reads.
import { readFile, stat } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { resolve } from 'node:path';
import type { ErrorObject } from 'ajv';
import { ToolError } from '../../lib/errors.ts';
import { asRecord } from '../model/object.ts';
import type { Lifecycle } from './go_sources.ts';
import type { JsonSchema } from './json_schema.ts';

/** What is known of the kinds of one release of Kubernetes. */
export interface SchemaIndex {
  readonly format: 1;
  /** The release, `1.34.4`. */
  readonly version: string;
  /** Kind (see {@link kindKey}) → its definition: the kinds whose objects the server creates. */
  readonly kinds: Readonly<Record<string, string>>;
  readonly definitions: Readonly<Record<string, JsonSchema>>;
  /** Kind → its life; also of kinds that went long ago. */
  readonly lifecycles: Readonly<Record<string, Lifecycle>>;
}

/** A compiled schema: whether a value fits, and, until the next call, why not. */
export interface Validator {
  (value: unknown): boolean;
  readonly errors?: readonly ErrorObject[] | null | undefined;
}

/** The index and its compiled schemas, by {@link validatorName}. */
export interface BuiltInKinds {
  readonly index: SchemaIndex;
  readonly validators: Readonly<Record<string, Validator>>;
}

/** `apps/v1 Deployment`: what a kind is called in maps. */
export function kindKey(object: { readonly apiVersion: string; readonly kind: string }): string {
  return `${object.apiVersion} ${object.kind}`;
}

/** A definition's name as a name in a program. */
export function validatorName(definition: string): string {
  return definition.replaceAll(/\W/g, '_');
}

/** Reads what kubernetes_schemas wrote; a schema is only made ready when it is first used. Throws SCHEMA_INDEX_UNREADABLE. */
export async function readBuiltInKinds(indexPath: string, validatorsPath: string): Promise<BuiltInKinds> {
  try {
    // Who checks again and again reads them once, until the files are others: their names stay the same.
    const key = (await Promise.all([indexPath, validatorsPath].map(versionOf))).join('\n');
    if (known?.key !== key) known = { key, kinds: await readKinds(indexPath, resolve(validatorsPath)) };
    return known.kinds;
  } catch (cause) {
    throw new ToolError('SCHEMA_INDEX_UNREADABLE', `Reading the schemas of Kubernetes, ${indexPath}`, {
      cause,
      hint: 'Build them again: bazel build @fathom//tools/k8s/schema:kubernetes.',
    });
  }
}

let known: { readonly key: string; readonly kinds: BuiltInKinds } | undefined;

async function versionOf(path: string): Promise<string> {
  const { ino, mtimeMs, size } = await stat(path);
  return [resolve(path), ino, mtimeMs, size].join(' ');
}

async function readKinds(indexPath: string, validatorsPath: string): Promise<BuiltInKinds> {
  const index: unknown = JSON.parse(await readFile(indexPath, 'utf8'));
  if (asRecord(index)?.['format'] !== 1) throw new Error('it is not of format 1');
  const require = createRequire(import.meta.url);
  // node remembers a module by its name, and does not look whether it has changed.
  delete require.cache[require.resolve(validatorsPath)];
  const validators: unknown = require(validatorsPath);
  return { index: index as SchemaIndex, validators: validators as Readonly<Record<string, Validator>> };
}
