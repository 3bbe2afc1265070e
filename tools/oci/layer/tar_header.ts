// The bytes of tar headers: POSIX ustar, with a pax extended header where a field does not fit.
// Written here rather than taken from a library, because a library's update would change every digest.
import { XATTR_PREFIX } from './pax.ts';

/** A header's fields. */
export interface TarHeader {
  readonly path: string;
  readonly type: 'file' | 'directory' | 'symlink';
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Of the content that follows; 0 for anything but a file. */
  readonly size: number;
  /** Where a symlink points. Default: the empty string. */
  readonly target?: string;
  /** Seconds since 1970. Default: 0, so that layers are the same in every build. */
  readonly mtime?: number;
  /** Extended attributes by name. Default: none. */
  readonly xattrs?: ReadonlyMap<string, Buffer>;
}

export const BLOCK = 512;
const TYPE_FLAG = { file: '0', symlink: '2', directory: '5', pax: 'x' } as const;
const MAX_OCTAL_7 = 0o7777777;
const MAX_OCTAL_11 = 0o77777777777;

/** The header of an entry, one to three blocks or more. Directories get their closing slash. */
export function encodeHeader(header: TarHeader): Buffer {
  const path = header.type === 'directory' ? `${header.path}/` : header.path;
  const target = header.target ?? '';
  const records: Buffer[] = [];
  if (!fits(path, 100)) records.push(paxRecord('path', path));
  if (!fits(target, 100)) records.push(paxRecord('linkpath', target));
  if (header.uid > MAX_OCTAL_7) records.push(paxRecord('uid', String(header.uid)));
  if (header.gid > MAX_OCTAL_7) records.push(paxRecord('gid', String(header.gid)));
  if (header.size > MAX_OCTAL_11) records.push(paxRecord('size', String(header.size)));
  const xattrs = [...(header.xattrs ?? [])].sort(([a], [b]) => (a < b ? -1 : 1));
  for (const [name, value] of xattrs) records.push(paxRecord(XATTR_PREFIX + name, value));
  const mtime = header.mtime ?? 0;
  const main = ustar({ ...header, path, target, mtime, flag: TYPE_FLAG[header.type] });
  if (records.length === 0) return main;
  const body = Buffer.concat(records);
  const owned = { mode: 0o644, uid: 0, gid: 0, mtime: 0 };
  const pax = ustar({ ...owned, path: 'pax', target: '', size: body.length, flag: TYPE_FLAG.pax });
  return Buffer.concat([pax, body, padding(body.length), main]);
}

/** The zeros after a content of `size` bytes, up to the next block. */
export function padding(size: number): Buffer {
  return Buffer.alloc((BLOCK - (size % BLOCK)) % BLOCK);
}

/** What ends an archive: two blocks of zeros. */
export const END_OF_ARCHIVE: Buffer = Buffer.alloc(2 * BLOCK);

interface UstarFields {
  readonly path: string;
  readonly target: string;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly size: number;
  readonly mtime: number;
  readonly flag: string;
}

function ustar(fields: UstarFields): Buffer {
  const block = Buffer.alloc(BLOCK);
  writeText(block, fields.path, 0, 100);
  writeOctal(block, fields.mode & 0o7777, 100, 8);
  writeOctal(block, Math.min(fields.uid, MAX_OCTAL_7), 108, 8);
  writeOctal(block, Math.min(fields.gid, MAX_OCTAL_7), 116, 8);
  writeOctal(block, Math.min(fields.size, MAX_OCTAL_11), 124, 12);
  writeOctal(block, Math.min(Math.max(fields.mtime, 0), MAX_OCTAL_11), 136, 12);
  block.fill(0x20, 148, 156);
  block.write(fields.flag, 156, 'latin1');
  writeText(block, fields.target, 157, 100);
  block.write('ustar\x0000', 257, 'latin1');
  let sum = 0;
  for (const byte of block) sum += byte;
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return block;
}

function writeOctal(block: Buffer, value: number, offset: number, length: number): void {
  block.write(`${value.toString(8).padStart(length - 1, '0')}\0`, offset, 'latin1');
}

/** What does not fit is in the pax header; here it is cut, for readers that know no pax. */
function writeText(block: Buffer, text: string, offset: number, length: number): void {
  Buffer.from(text).copy(block, offset, 0, length);
}

function fits(text: string, length: number): boolean {
  // Only ASCII means the same to every reader of a ustar field.
  return text.length <= length && /^[\x20-\x7e]*$/.test(text);
}

/** One pax record: `<length> <key>=<value>\n`, where the length counts itself. */
export function paxRecord(key: string, value: string | Buffer): Buffer {
  const bytes = typeof value === 'string' ? Buffer.from(value) : value;
  const rest = Buffer.concat([Buffer.from(` ${key}=`), bytes, Buffer.from('\n')]);
  const size = rest.length;
  let digits = String(size).length;
  if (String(size + digits).length > digits) digits += 1;
  return Buffer.concat([Buffer.from(String(size + digits)), rest]);
}
