// The values of references: each file is read and decrypted once, and every value is hidden from then on.
import { readFile } from 'node:fs/promises';
import { ToolError, systemErrorCode } from '../../lib/errors.ts';
import { hideValue } from '../../lib/redact.ts';
import type { SecretFile } from '../model/plan_input.ts';
import { type AgeKeys, findAgeKeys, openDataKey } from './age_keys.ts';
import { entryOf, readPlainFile } from './plain_file.ts';
import type { SecretReference } from './reference.ts';
import { decryptSops } from './sops_decrypt.ts';
import { missingEntry, parseSopsFile } from './sops_file.ts';
import { findSecretFile } from './sops_references.ts';

/** What {@link createProviders} needs of a run. */
export interface ProviderOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly resolve: (runfilesPath: string) => string;
  readonly warn: (line: string) => void;
  /** Whether files of others may read are no news: a pod's volumes are. */
  readonly isInCluster: boolean;
}

/** Where values come from. */
export interface Providers {
  /** The value of a reference; `files` are those of its target. Throws K8S_SECRET_*. */
  valueOf(reference: SecretReference, files: readonly SecretFile[]): Promise<Buffer>;
}

/** Providers of one run. */
export function createProviders(options: ProviderOptions): Providers {
  const { env, warn } = options;
  const decrypted = new Map<string, Promise<ReadonlyMap<string, Buffer>>>();
  const warned = new Set<string>();
  let keys: Promise<AgeKeys> | undefined;

  const warnOpen = (path: string): void => {
    if (options.isInCluster || warned.has(path)) return;
    warned.add(path);
    warn(`${path} may be read by others than its owner: \`chmod 600 ${path}\``);
  };
  const decrypt = async (file: SecretFile): Promise<ReadonlyMap<string, Buffer>> => {
    const parsed = parseSopsFile(await textOf(file, options.resolve), file.path);
    keys ??= findAgeKeys(env);
    const found = await keys;
    for (const path of found.open) warnOpen(path);
    return decryptSops(parsed, await openDataKey(parsed, found));
  };
  const fromSops = async ({ place, key = '' }: SecretReference, files: readonly SecretFile[]): Promise<Buffer> => {
    const file = findSecretFile(place, files);
    const id = file.text ?? file.file ?? '';
    const values = decrypted.get(id) ?? decrypt(file);
    decrypted.set(id, values);
    const value = (await values).get(key);
    if (value === undefined) throw missingEntry(place, key, [...(await values).keys()]);
    return value;
  };
  const fromFile = async ({ place, key }: SecretReference): Promise<Buffer> => {
    const { bytes, isOpen } = await readPlainFile(place, env);
    if (isOpen) warnOpen(place);
    return key === undefined ? bytes : entryOf(bytes, place, key);
  };
  const plainValue = (reference: SecretReference, files: readonly SecretFile[]): Promise<Buffer> | Buffer => {
    if (reference.provider === 'sops') return fromSops(reference, files);
    if (reference.provider === 'file') return fromFile(reference);
    return Buffer.from(env[reference.place] ?? '', 'utf8');
  };
  return {
    async valueOf(reference, files) {
      const value = await plainValue(reference, files);
      hideValue(value);
      return encoded(value, reference);
    },
  };
}

/** The value as its reference wants it written. */
export function encoded(value: Buffer, { encoding }: SecretReference): Buffer {
  if (encoding === undefined) return value;
  const text = encoding === 'url' ? encodeURIComponent(value.toString('utf8')) : value.toString('base64');
  return Buffer.from(text, 'utf8');
}

async function textOf(file: SecretFile, resolve: (runfilesPath: string) => string): Promise<string> {
  if (file.text !== undefined) return file.text;
  const path = resolve(file.file ?? '');
  return readFile(path, 'utf8').catch((cause: unknown) => {
    throw new ToolError('K8S_SECRET_FILE', `Reading ${path}: ${systemErrorCode(cause) ?? 'it cannot be read'}`, {
      cause,
      hint: 'Build the target again: `bazel run` does it.',
    });
  });
}

/** Refuses variables that are not set, all at once. Throws K8S_SECRET_ENV. */
export function requireVariables(references: readonly SecretReference[], env: ProviderOptions['env']): void {
  const names = new Set(references.filter(({ provider }) => provider === 'env').map(({ place }) => place));
  const missing = [...names].filter((name) => (env[name] ?? '') === '').sort();
  if (missing.length === 0) return;
  throw new ToolError('K8S_SECRET_ENV', `Reading secrets: the environment has no ${missing.join(', ')}`, {
    hint: `Set ${missing.length === 1 ? 'it' : 'them'} before the command: \`read -rs ${missing[0]} && export ${missing[0]}\`.`,
  });
}
