// From a parameter file to a layer's blob, descriptor and contents: what the OciLayer action does.
import { rm, writeFile } from 'node:fs/promises';
import type { Digest } from '../../lib/digest.ts';
import { asObject, asString, invalid } from '../image/model.ts';
import type { Compression } from '../image/media_types.ts';
import { writeLayer } from './blob.ts';
import { contentSize } from './content.ts';
import { type ContentsEntry, contentsText } from './contents.ts';
import type { LayerEntry } from './entries.ts';
import { type PackageRecord, parsePackages, uniquePackages, withLockedFacts } from './package_record.ts';
import { type LayerSource, parseSources, readSources } from './sources.ts';

/** The parameter file. */
export interface LayerParameters {
  readonly blob: string;
  readonly descriptor: string;
  readonly contents: string;
  readonly createdBy: string;
  readonly compression: Compression;
  readonly level?: number;
  /** Seconds since 1970, of entries without a time of their own. Default: 0. */
  readonly mtime?: number;
  readonly sources: readonly LayerSource[];
  /** What locks say of modules that programs among the sources may be linked of. Default: nothing. */
  readonly linked?: readonly PackageRecord[];
}

/** Reads sources, writes blob, descriptor and contents; scratch files are gone afterwards. */
export async function buildLayer(parameters: LayerParameters): Promise<void> {
  const { blob, descriptor, contents, compression, level, createdBy, mtime } = parameters;
  const spool = `${blob}.spool`;
  try {
    const { entries, packages: found } = await readSources(parameters.sources, spool);
    const packages = withLockedFacts(found, parameters.linked ?? []);
    const listing = new Listing();
    const made = await writeLayer({
      entries,
      path: blob,
      compression,
      createdBy,
      onEntry: (entry, digest) => listing.add(entry, digest),
      ...(level === undefined ? {} : { level }),
      ...(mtime === undefined ? {} : { mtime }),
    });
    const { inputs, entries: listed } = listing;
    await Promise.all([
      writeFile(descriptor, `${JSON.stringify(made)}\n`),
      writeFile(contents, contentsText({ createdBy, packages: uniquePackages(packages), inputs, entries: listed })),
    ]);
  } finally {
    const files = parameters.sources.flatMap((_, index) =>
      ['', '.control', '.data'].map((end) => `${spool}.${index}${end}`),
    );
    await Promise.all(files.map((file) => rm(file, { force: true })));
  }
}

/** Entries as they are written, each with a number for what brought it. */
class Listing {
  readonly inputs: string[] = [];
  readonly entries: ContentsEntry[] = [];
  readonly #numbers = new Map<string, number>();

  add(entry: LayerEntry, digest?: Digest): void {
    const { path, kind: type, mode, uid, gid } = entry;
    const what =
      entry.kind === 'file' ? { size: contentSize(entry.content), ...(digest === undefined ? {} : { digest }) } : {};
    const target = entry.kind === 'symlink' ? { target: entry.target } : {};
    this.entries.push({
      path,
      type,
      mode,
      uid,
      gid,
      ...what,
      ...target,
      input: this.#number(entry.input ?? entry.origin),
    });
  }

  #number(input: string): number {
    const known = this.#numbers.get(input);
    if (known !== undefined) return known;
    this.#numbers.set(input, this.inputs.length);
    return this.inputs.push(input) - 1;
  }
}

/** The parameters out of parsed JSON. Throws OCI_DOCUMENT_INVALID. */
export function parseParameters(value: unknown, where: string): LayerParameters {
  const object = asObject(value, where);
  const compression = asString(object['compression'], `${where}.compression`);
  if (compression !== 'zstd' && compression !== 'gzip' && compression !== 'none') {
    throw invalid(`${where}.compression`, `is ${compression}, not zstd, gzip or none`);
  }
  const { level, mtime } = object;
  return {
    blob: asString(object['blob'], `${where}.blob`),
    descriptor: asString(object['descriptor'], `${where}.descriptor`),
    contents: asString(object['contents'], `${where}.contents`),
    createdBy: asString(object['createdBy'], `${where}.createdBy`),
    compression,
    ...(typeof level === 'number' && level > 0 ? { level } : {}),
    ...(typeof mtime === 'number' && mtime > 0 ? { mtime } : {}),
    sources: parseSources(object['sources'], `${where}.sources`),
    linked: parsePackages(object['linked'] ?? [], `${where}.linked`),
  };
}
