// The modules that a Go program was linked from: Go's linker writes them into every program that it makes.
// Format: https://pkg.go.dev/debug/buildinfo (what `go version -m` reads), the inline form of Go 1.18 and newer.
import { open } from 'node:fs/promises';
import type { PackageRecord } from './package_record.ts';

const MAGIC = Buffer.from('\xff Go buildinf:', 'latin1');
/** The header's size; the version follows as a string, after it the modules. */
const HEADER_BYTES = 32;
const INLINE_STRINGS = 2;
const CHUNK_BYTES = 4 * 1024 * 1024;
/** More than any program has: a damaged length must not fill the memory. */
const MAX_INFO_BYTES = 16 * 1024 * 1024;
/** The linker puts 16 bytes before and after the text of the modules, by which the running program finds it. */
const SENTINEL_BYTES = 16;

/** The modules in the Go program `path`, the standard library first; none for any other file. */
export async function goModules(path: string): Promise<PackageRecord[]> {
  const handle = await open(path, 'r');
  try {
    const magic = Buffer.alloc(4);
    await handle.read(magic, 0, 4, 0);
    if (magic.toString('latin1') !== '\x7fELF') return [];
    const { size } = await handle.stat();
    // Chunks overlap, so that a header across a border is found; it is aligned, which rules out chance and texts.
    for (let start = 0; start < size; start += CHUNK_BYTES - HEADER_BYTES) {
      const chunk = Buffer.alloc(Math.min(CHUNK_BYTES, size - start));
      await handle.read(chunk, 0, chunk.length, start);
      for (let at = chunk.indexOf(MAGIC); at >= 0; at = chunk.indexOf(MAGIC, at + 1)) {
        if ((start + at) % 16 !== 0 || at + HEADER_BYTES > chunk.length) continue;
        if (((chunk[at + 15] ?? 0) & INLINE_STRINGS) === 0) continue;
        const info = Buffer.alloc(Math.min(MAX_INFO_BYTES, size - start - at - HEADER_BYTES));
        await handle.read(info, 0, info.length, start + at + HEADER_BYTES);
        const modules = parseBuildInfo(info);
        if (modules.length > 0) return modules;
      }
    }
    return [];
  } finally {
    await handle.close();
  }
}

/** The modules in what follows the header: two strings, each with its length before it. */
export function parseBuildInfo(bytes: Buffer): PackageRecord[] {
  const version = lengthPrefixed(bytes, 0);
  const modules = version === undefined ? undefined : lengthPrefixed(bytes, version.end);
  if (version === undefined || modules === undefined) return [];
  const goVersion = /^go(\d[\w.]*)/.exec(version.text)?.[1];
  if (goVersion === undefined) return [];
  return [
    { type: 'golang', name: 'stdlib', version: goVersion },
    ...parseModules(modules.text.slice(SENTINEL_BYTES, -SENTINEL_BYTES)),
  ];
}

function parseModules(text: string): PackageRecord[] {
  const records: PackageRecord[] = [];
  for (const line of text.split('\n')) {
    const [kind, name = '', version = '', sum = ''] = line.split('\t');
    const record: PackageRecord = { type: 'golang', name, version, ...(sum === '' ? {} : { goSum: sum }) };
    // `mod` is the program's own module: a wrapper of this repo's has no version, and is no third-party software.
    if (kind === 'dep' || (kind === 'mod' && version !== '' && version !== '(devel)')) records.push(record);
    // What a replace directive put in the place of the line before.
    if (kind === '=>') records[records.length - 1] = record;
  }
  return records;
}

/** A string after its length as a base-128 number, lowest digits first. */
function lengthPrefixed(bytes: Buffer, start: number): { readonly text: string; readonly end: number } | undefined {
  let length = 0;
  let at = start;
  for (let shift = 0; shift < 28; shift += 7) {
    const byte = bytes[at];
    if (byte === undefined) return undefined;
    length |= (byte & 0x7f) << shift;
    at++;
    if ((byte & 0x80) === 0) {
      if (at + length > bytes.length) return undefined;
      return { text: bytes.toString('utf8', at, at + length), end: at + length };
    }
  }
  return undefined;
}
