// A mirror's Packages index as data. Format: deb822(5).
import { compareVersions } from './version.ts';

/** What a lock needs to know of a package. */
export interface IndexRecord {
  readonly name: string;
  readonly version: string;
  readonly sha256: string;
  readonly size: number;
  /** `debian` or `debian-security`: the archive whose pool has it. */
  readonly archive: string;
  /** `pool/…/x.deb`. */
  readonly path: string;
  /** Groups of alternatives, one of each is needed. */
  readonly depends: readonly (readonly string[])[];
  readonly provides: readonly string[];
}

/** Packages by name, and who provides a virtual name. */
export interface PackageIndex {
  readonly byName: ReadonlyMap<string, IndexRecord>;
  readonly providers: ReadonlyMap<string, readonly string[]>;
}

/** One index of several Packages files; of a package in more than one, the newest version counts. */
export function readIndex(files: readonly { readonly archive: string; readonly text: string }[]): PackageIndex {
  const byName = new Map<string, IndexRecord>();
  for (const { archive, text } of files) {
    for (const stanza of text.split('\n\n')) {
      const record = parseStanza(stanza, archive);
      if (record === undefined) continue;
      const known = byName.get(record.name);
      if (known === undefined || compareVersions(known.version, record.version) < 0) byName.set(record.name, record);
    }
  }
  const providers = new Map<string, string[]>();
  for (const { name, provides } of byName.values()) {
    for (const virtual of provides) providers.set(virtual, [...(providers.get(virtual) ?? []), name]);
  }
  return { byName, providers };
}

function parseStanza(stanza: string, archive: string): IndexRecord | undefined {
  const field = (name: string) => new RegExp(`^${name}: *(.*)$`, 'm').exec(stanza)?.[1] ?? '';
  const name = field('Package');
  if (name === '') return undefined;
  const depends = [field('Pre-Depends'), field('Depends')].filter((text) => text !== '').join(', ');
  return {
    name,
    version: field('Version'),
    sha256: field('SHA256'),
    size: Number(field('Size')),
    archive,
    path: field('Filename'),
    depends: depends === '' ? [] : depends.split(',').map((group) => group.split('|').map(packageOf)),
    provides: field('Provides')
      .split(',')
      .map(packageOf)
      .filter((virtual) => virtual !== ''),
  };
}

/** The name in `libc6:any (>= 2.38)`. */
function packageOf(text: string): string {
  return text.trim().split(/[\s:(]/)[0] ?? '';
}
