// What is in a layer, as a document beside its blob: entries, packages, and what brought each. Whoever asks what an
// image holds reads this and leaves the blob where it is.
import { type Digest, isDigest } from '../../lib/digest.ts';
import { asArray, asObject, asString, invalid } from '../image/model.ts';
import { readJson } from '../image/read_json.ts';
import { type PackageRecord, parsePackages } from './package_record.ts';

/** One entry of a layer's tar. */
export interface ContentsEntry {
  /** Relative to the root, without a leading or closing slash. */
  readonly path: string;
  /** `other` is a device, a pipe or a socket. */
  readonly type: 'file' | 'directory' | 'symlink' | 'other';
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Of a file, in bytes. */
  readonly size?: number;
  /** Of a file's content. */
  readonly digest?: Digest;
  /** Of a symlink. */
  readonly target?: string;
  /** Index into `inputs`: what brought it. Default: not known. */
  readonly input?: number;
}

export interface LayerContents {
  /** The label that made the layer, or what is known of it. */
  readonly createdBy: string;
  readonly packages: readonly PackageRecord[];
  /** What the layer was made of: packages and files. */
  readonly inputs: readonly string[];
  /** In the order of the tar. */
  readonly entries: readonly ContentsEntry[];
}

const VERSION = 1;

/** The document's text: one entry a line, so that two can be compared by eye. */
export function contentsText({ createdBy, packages, inputs, entries }: LayerContents): string {
  const list = (items: readonly unknown[]) =>
    items.length === 0 ? '[]' : `[\n${items.map((item) => `  ${JSON.stringify(item)}`).join(',\n')}\n]`;
  return [
    `{"version": ${VERSION},`,
    `"createdBy": ${JSON.stringify(createdBy)},`,
    `"packages": ${list(packages)},`,
    `"inputs": ${list(inputs)},`,
    `"entries": ${list(entries)}}\n`,
  ].join('\n');
}

/** Reads a document that {@link contentsText} wrote. Throws OCI_FILE_UNREADABLE and OCI_DOCUMENT_INVALID. */
export async function readContents(path: string): Promise<LayerContents> {
  const object = asObject(await readJson(path), path);
  if (object['version'] !== VERSION) throw invalid(`${path}.version`, `is not ${VERSION}`);
  return {
    createdBy: asString(object['createdBy'], `${path}.createdBy`),
    packages: parsePackages(object['packages'], `${path}.packages`),
    inputs: asArray(object['inputs'], `${path}.inputs`).map((input, at) => asString(input, `${path}.inputs[${at}]`)),
    entries: asArray(object['entries'], `${path}.entries`).map((entry, at) =>
      parseEntry(entry, `${path}.entries[${at}]`),
    ),
  };
}

const TYPES = ['file', 'directory', 'symlink', 'other'] as const;

function parseEntry(value: unknown, where: string): ContentsEntry {
  const object = asObject(value, where);
  const type = TYPES.find((known) => known === object['type']);
  if (type === undefined) throw invalid(`${where}.type`, `is none of ${TYPES.join(', ')}`);
  const { digest, size, target, input } = object;
  return {
    path: asString(object['path'], `${where}.path`),
    type,
    mode: asNumber(object['mode'], `${where}.mode`),
    uid: asNumber(object['uid'], `${where}.uid`),
    gid: asNumber(object['gid'], `${where}.gid`),
    ...(size === undefined ? {} : { size: asNumber(size, `${where}.size`) }),
    ...(isDigest(digest) ? { digest } : {}),
    ...(target === undefined ? {} : { target: asString(target, `${where}.target`) }),
    ...(input === undefined ? {} : { input: asNumber(input, `${where}.input`) }),
  };
}

function asNumber(value: unknown, where: string): number {
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0) throw invalid(where, 'is not a number');
  return value;
}
