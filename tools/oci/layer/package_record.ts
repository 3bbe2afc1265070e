// A package of third-party software that is in a layer: what an SBOM, a provenance statement and `explain` say of it.
import { asArray, asObject, asString, invalid } from '../image/model.ts';

/** Where packages come from, by the type that package URLs have for it; `generic` is anything else. */
export const PACKAGE_TYPES = ['deb', 'npm', 'golang', 'maven', 'pypi', 'generic'] as const;

export type PackageType = (typeof PACKAGE_TYPES)[number];

/** The hash of a package's archive. */
export interface PackageChecksum {
  readonly algorithm: 'SHA1' | 'SHA256' | 'SHA512';
  /** Lower-case hex digits. */
  readonly value: string;
}

export interface PackageRecord {
  readonly type: PackageType;
  /** As its registry has it: `libc6`, `@grpc/grpc-js`, `golang.org/x/net`, `org.slf4j:slf4j-api`. */
  readonly name: string;
  readonly version: string;
  /** Debian's name of the processor. Default: it runs on any. */
  readonly architecture?: string;
  /** What the package itself declares, in its registry's own words. Default: not known. */
  readonly licence?: string;
  /** Default: not known. */
  readonly checksum?: PackageChecksum;
  /** A Go module's entry in go.sum: `h1:…`. Default: none. */
  readonly goSum?: string;
  /** The source package that it was built from, where that has another name. Default: none. */
  readonly source?: string;
}

/** Orders records by type, name, version and architecture. */
export function comparePackages(a: PackageRecord, b: PackageRecord): number {
  const key = ({ type, name, version, architecture }: PackageRecord) =>
    [type, name, version, architecture ?? ''].join('\0');
  const [left, right] = [key(a), key(b)];
  return left < right ? -1 : left > right ? 1 : 0;
}

/** The records in order, each once: one package may bring parts of several layers. */
export function uniquePackages(records: Iterable<PackageRecord>): PackageRecord[] {
  const sorted = [...records].sort(comparePackages);
  return sorted.filter((record, index) => {
    const before = sorted[index - 1];
    return before === undefined || comparePackages(before, record) !== 0;
  });
}

/**
 * Records with what a lock knows of the same package (type, name and version) and they do not say themselves: a Go
 * program names its modules, and neither their licences nor, when it was built of a vendor folder, their hashes.
 */
export function withLockedFacts(records: readonly PackageRecord[], locked: readonly PackageRecord[]): PackageRecord[] {
  const byTitle = new Map(locked.map((record) => [packageTitle(record), record]));
  return records.map((record) => ({ ...byTitle.get(packageTitle(record)), ...record }));
}

/** `deb libc6 2.41-12`: how a person is told of a package. */
export function packageTitle({ type, name, version }: PackageRecord): string {
  return `${type} ${name} ${version}`;
}

/** The checksum in a subresource integrity text (`sha512-<base64>`), or undefined. */
export function integrityChecksum(integrity: string): PackageChecksum | undefined {
  const match = /^(sha1|sha256|sha512)-([A-Za-z0-9+/]+=*)$/.exec(integrity.split(' ')[0] ?? '');
  if (match === null) return undefined;
  const [, name = '', base64 = ''] = match;
  const algorithm = ({ sha1: 'SHA1', sha256: 'SHA256', sha512: 'SHA512' } as const)[name as 'sha1'];
  return { algorithm, value: Buffer.from(base64, 'base64').toString('hex') };
}

/** A record out of parsed JSON. Throws OCI_DOCUMENT_INVALID. */
export function parsePackage(value: unknown, where: string): PackageRecord {
  const object = asObject(value, where);
  const type = PACKAGE_TYPES.find((known) => known === object['type']);
  if (type === undefined) throw invalid(`${where}.type`, `is none of ${PACKAGE_TYPES.join(', ')}`);
  const text = (field: 'architecture' | 'licence' | 'goSum' | 'source') =>
    object[field] === undefined || object[field] === ''
      ? {}
      : { [field]: asString(object[field], `${where}.${field}`) };
  return {
    type,
    name: asString(object['name'], `${where}.name`),
    version: asString(object['version'], `${where}.version`),
    ...text('architecture'),
    ...text('licence'),
    ...(object['checksum'] === undefined ? {} : { checksum: parseChecksum(object['checksum'], `${where}.checksum`) }),
    ...text('goSum'),
    ...text('source'),
  };
}

/** Records out of parsed JSON. Throws OCI_DOCUMENT_INVALID. */
export function parsePackages(value: unknown, where: string): PackageRecord[] {
  return asArray(value, where).map((item, index) => parsePackage(item, `${where}[${index}]`));
}

function parseChecksum(value: unknown, where: string): PackageChecksum {
  const object = asObject(value, where);
  const algorithm = asString(object['algorithm'], `${where}.algorithm`);
  if (algorithm !== 'SHA1' && algorithm !== 'SHA256' && algorithm !== 'SHA512') {
    throw invalid(`${where}.algorithm`, `is ${algorithm}, not SHA1, SHA256 or SHA512`);
  }
  return { algorithm, value: asString(object['value'], `${where}.value`) };
}
