// Extended attributes of an archive's members, such as the capabilities of a program: records of their pax headers.
// Format: https://pubs.opengroup.org/onlinepubs/9799919799/utilities/pax.html#tag_20_94_13_03
import type { Extract } from 'tar-stream';

/** What GNU tar, Go and Docker put before an attribute's name. */
export const XATTR_PREFIX = 'SCHILY.xattr.';

/** How tar-stream reads the headers before a member's own, which its types leave out. */
interface HeaderReader {
  readonly _header: { readonly type: string | null };
  readonly _pax: Record<string, string>;
  readonly _paxGlobal: Record<string, string>;
  _decodeLongHeader: (body: Buffer) => void;
}

/**
 * Has the pax records of `archive` keep the bytes of extended attributes, as latin1. tar-stream takes every record for
 * UTF-8, of which a capability is none, and has no option for it (https://github.com/mafintosh/tar-stream#extracting);
 * this can go when it has one.
 */
export function keepXattrBytes(archive: Extract): void {
  const reader = archive as unknown as HeaderReader;
  const decode = reader._decodeLongHeader;
  reader._decodeLongHeader = (body) => {
    decode.call(reader, body);
    const { type } = reader._header;
    if (type !== 'pax-header' && type !== 'pax-global-header') return;
    const records = type === 'pax-header' ? reader._pax : reader._paxGlobal;
    for (const [key, value] of paxRecords(body)) {
      if (key.startsWith(XATTR_PREFIX)) records[key] = value.toString('latin1');
    }
  };
}

/** The extended attributes among records whose bytes were kept, by name. */
export function xattrsOf(pax: Readonly<Record<string, string | undefined>>): ReadonlyMap<string, Buffer> {
  const found = Object.entries(pax).filter(([key]) => key.startsWith(XATTR_PREFIX));
  return new Map(found.map(([key, value = '']) => [key.slice(XATTR_PREFIX.length), Buffer.from(value, 'latin1')]));
}

/** The records `<length> <key>=<value>\n` of a header, up to the first that is none. */
function* paxRecords(body: Buffer): Generator<readonly [string, Buffer]> {
  for (let start = 0; start < body.length;) {
    const space = body.indexOf(' ', start);
    const equals = body.indexOf('=', space);
    const end = start + Number(body.toString('latin1', start, space));
    if (!(start < space && space < equals && equals < end && end <= body.length)) return;
    yield [body.toString('utf8', space + 1, equals), body.subarray(equals + 1, end - 1)];
    start = end;
  }
}
