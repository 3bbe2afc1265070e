// What a layer is made of, as its rule writes it into a parameter file, and how that becomes entries.
import { stat } from 'node:fs/promises';
import { ToolError } from '../../lib/errors.ts';
import { asArray, asObject, asString } from '../image/model.ts';
import { readJson } from '../image/read_json.ts';
import { readArchive } from './archive.ts';
import { readDeb } from './deb.ts';
import { strippedElf } from './elf.ts';
import { type LayerEntry, checkTarget, entryPath } from './entries.ts';
import { goModules } from './go_buildinfo.ts';
import { type PackageRecord, integrityChecksum, packageTitle, parsePackage } from './package_record.ts';
import { readTree } from './tree.ts';
import { wheelLicence } from './wheel_metadata.ts';

/** Mode and owner of what is packed; archives keep their own. */
interface Owner {
  /** Octal, such as "0644". */
  readonly mode?: string;
  readonly uid?: number;
  readonly gid?: number;
}

/** The package that a source is of. */
interface Packaged {
  /** What the lock says of it. */
  readonly package?: PackageRecord;
  /** An npm package's description, `package.meta.json` of its repository. */
  readonly npmMeta?: string;
}

/** One part of a layer. */
export type LayerSource =
  | ({ readonly kind: 'file'; readonly path: string; readonly source: string; readonly strip?: boolean } & Owner &
      Packaged)
  | ({ readonly kind: 'text'; readonly path: string; readonly text: string } & Owner)
  | ({ readonly kind: 'directory'; readonly path: string } & Owner)
  | ({ readonly kind: 'symlink'; readonly path: string; readonly target: string } & Owner)
  /** A folder of the disk with all that is in it: 0755 what is executable, 0644 the rest, unless a mode is given. */
  | ({ readonly kind: 'tree'; readonly path: string; readonly source: string; readonly exclude?: string } & Owner &
      Packaged)
  | ({ readonly kind: 'tar'; readonly path: string; readonly source: string; readonly keepTimes?: boolean } & Packaged)
  | { readonly kind: 'deb'; readonly source: string; readonly exclude?: readonly string[] }
  /** Hides a path of the layers below. */
  | { readonly kind: 'whiteout'; readonly path: string };

/** What sources bring. */
export interface SourceContent {
  readonly entries: readonly LayerEntry[];
  /** The packages that they are of; a Go program brings all modules in it. */
  readonly packages: readonly PackageRecord[];
}

/** The content of all sources. `spool` is a prefix of scratch files; they must live until the layer is written. */
export async function readSources(sources: readonly LayerSource[], spool: string): Promise<SourceContent> {
  const entries: LayerEntry[] = [];
  const packages: PackageRecord[] = [];
  for (const [index, source] of sources.entries()) {
    const content = await readSource(source, `${spool}.${index}`);
    entries.push(...content.entries);
    packages.push(...content.packages);
  }
  return { entries, packages: packages.map((record) => withLinkedLicence(record, entries, packages)) };
}

/** Debian's packages of one source share one copyright file: the folder of one is a link to that of another. */
function withLinkedLicence(
  record: PackageRecord,
  entries: readonly LayerEntry[],
  packages: readonly PackageRecord[],
): PackageRecord {
  if (record.type !== 'deb' || record.licence !== undefined) return record;
  const folder = entries.find(({ path }) => path === `usr/share/doc/${record.name}`);
  if (folder?.kind !== 'symlink') return record;
  const other = folder.target.slice(folder.target.lastIndexOf('/') + 1);
  const licence = packages.find(({ type, name }) => type === 'deb' && name === other)?.licence;
  return licence === undefined ? record : { ...record, licence };
}

const ITSELF = 'the layer itself';

async function readSource(source: LayerSource, spool: string): Promise<SourceContent> {
  switch (source.kind) {
    case 'file': {
      // Bazel tells a source that is a folder from a file no sooner than here.
      if ((await stat(source.source)).isDirectory()) return readSource({ ...source, kind: 'tree' }, spool);
      const content = source.strip === true ? await strippedElf(source.source) : await wholeFile(source.source);
      const entry: LayerEntry = { ...owned(source, source.path, 0o555, source.source), kind: 'file', content };
      return packaged(source, [entry], await goModules(source.source));
    }
    case 'text': {
      const content = [{ bytes: Buffer.from(source.text) }];
      return plain({ ...owned(source, source.path, 0o644, ITSELF), kind: 'file', content });
    }
    case 'directory':
      return plain({ ...owned(source, source.path, 0o755, ITSELF), kind: 'directory' });
    case 'symlink': {
      const base = owned(source, source.path, 0o777, ITSELF);
      return plain({ ...base, kind: 'symlink', target: checkTarget(base.path, source.target, base.origin) });
    }
    case 'tree': {
      const { path, mode, uid, gid } = owned(source, source.path, 0o755, source.source);
      const exclude = source.exclude === undefined ? {} : { exclude: new RegExp(source.exclude) };
      const ownMode = source.mode === undefined ? {} : { mode };
      const entries = await readTree({ folder: source.source, path, uid, gid, ...exclude, ...ownMode });
      return packaged(await withWheelLicence(source), entries);
    }
    case 'tar': {
      const { source: path, path: prefix, keepTimes } = source;
      const options = { path, prefix, spool, origin: path, keepTimes: keepTimes ?? false };
      return packaged(source, await readArchive(options));
    }
    case 'deb': {
      const exclude = source.exclude ?? [];
      const deb = await readDeb({ path: source.source, spool, origin: source.source, exclude });
      return { entries: deb.entries, packages: [deb.package] };
    }
    case 'whiteout': {
      const path = entryPath(source.path, ITSELF);
      const slash = path.lastIndexOf('/') + 1;
      const hidden = `${path.slice(0, slash)}.wh.${path.slice(slash)}`;
      return plain({ kind: 'file', path: hidden, mode: 0o644, uid: 0, gid: 0, origin: ITSELF, content: [] });
    }
  }
}

function plain(entry: LayerEntry): SourceContent {
  return { entries: [entry], packages: [] };
}

/** The entries as those of the package that the source names, and that package. */
async function packaged(
  source: Packaged,
  entries: readonly LayerEntry[],
  more: readonly PackageRecord[] = [],
): Promise<SourceContent> {
  const made = source.npmMeta === undefined ? source.package : await npmPackage(source.npmMeta);
  if (made === undefined) return { entries, packages: more };
  const input = packageTitle(made);
  return { entries: entries.map((entry) => ({ ...entry, input })), packages: [made, ...more] };
}

/** Older pips do not tell a lock of a wheel's SPDX expression: it is in the wheel itself. */
async function withWheelLicence(source: Packaged & { readonly source: string }): Promise<Packaged> {
  const { package: record } = source;
  if (record?.type !== 'pypi' || record.licence !== undefined) return source;
  const licence = await wheelLicence(source.source);
  return licence === undefined ? source : { ...source, package: { ...record, licence } };
}

async function npmPackage(meta: string): Promise<PackageRecord> {
  const { name, version, license, integrity } = asObject(await readJson(meta), meta);
  const checksum = typeof integrity === 'string' ? integrityChecksum(integrity) : undefined;
  const licence = typeof license === 'string' && license !== 'NOASSERTION' ? { licence: license } : {};
  return parsePackage(
    { type: 'npm', name, version, ...licence, ...(checksum === undefined ? {} : { checksum }) },
    meta,
  );
}

function owned(owner: Owner, path: string, defaultMode: number, origin: string) {
  const mode = owner.mode === undefined ? defaultMode : parseMode(owner.mode, path);
  return { path: entryPath(path, origin), mode, uid: owner.uid ?? 0, gid: owner.gid ?? 0, origin };
}

function parseMode(mode: string, path: string): number {
  if (!/^0?[0-7]{3,4}$/.test(mode)) {
    throw new ToolError('OCI_MODE_INVALID', `Packing ${path}: mode ${JSON.stringify(mode)} is not octal`, {
      hint: 'Write it as "0644".',
    });
  }
  return Number.parseInt(mode, 8);
}

async function wholeFile(path: string) {
  const { size } = await stat(path);
  return [{ file: path, offset: 0, size }];
}

/** The sources of a parameter file, each with its kind checked; the rule is trusted with the rest. */
export function parseSources(value: unknown, where: string): LayerSource[] {
  return asArray(value, where).map((item, index) => {
    const object = asObject(item, `${where}[${index}]`);
    asString(object['kind'], `${where}[${index}].kind`);
    if (object['package'] !== undefined) parsePackage(object['package'], `${where}[${index}].package`);
    return item as LayerSource;
  });
}
