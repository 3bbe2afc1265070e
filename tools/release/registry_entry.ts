// A version in a registry of Bazel modules: https://bazel.build/external/registry.
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { compare } from 'semver';
import { ToolError } from '../lib/errors.ts';
import { MODULE } from './version.ts';

/** A version, and where its sources are. */
export interface RegistryEntry {
  readonly version: string;
  readonly moduleFile: string;
  readonly url: string;
  readonly integrity: string;
  readonly stripPrefix: string;
}

interface Metadata {
  readonly versions: readonly string[];
  readonly [name: string]: unknown;
}

/**
 * Writes metadata.json, source.json and MODULE.bazel below `registry`, whose earlier versions stay.
 * Throws RELEASE_REGISTRY where a version is there with other bytes: who has locked it would be refused.
 */
export async function writeEntry(registry: string, entry: RegistryEntry): Promise<string> {
  const module = join(registry, 'modules', MODULE);
  const folder = join(module, entry.version);
  const source = json({ url: entry.url, integrity: entry.integrity, strip_prefix: entry.stripPrefix });
  for (const [name, text] of [
    ['source.json', source],
    ['MODULE.bazel', entry.moduleFile],
  ] as const) {
    const known = await readFile(join(folder, name), 'utf8').catch(() => text);
    if (known === text) continue;
    throw new ToolError('RELEASE_REGISTRY', `Writing ${join(folder, name)}: the version is there, and differs`, {
      hint: 'A version never changes: raise the one in package.json, or remove the entry if nobody has it.',
    });
  }
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'source.json'), source);
  await writeFile(join(folder, 'MODULE.bazel'), entry.moduleFile);
  const metadata = await readMetadata(join(module, 'metadata.json'));
  const versions = [...new Set([...metadata.versions, entry.version])].sort(compare);
  await writeFile(join(module, 'metadata.json'), json({ ...metadata, versions }));
  await writeFile(join(registry, 'bazel_registry.json'), json({}), { flag: 'wx' }).catch(ignoreExisting);
  return folder;
}

async function readMetadata(path: string): Promise<Metadata> {
  const text = await readFile(path, 'utf8').catch(() => undefined);
  if (text === undefined) return { homepage: '', maintainers: [], repository: [], versions: [], yanked_versions: {} };
  return JSON.parse(text) as Metadata;
}

function ignoreExisting(error: unknown): void {
  if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
}

function json(value: unknown): string {
  return `${JSON.stringify(value, null, 4)}\n`;
}
