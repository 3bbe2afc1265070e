// Archives as other programs write them: with members and pax records that layers of ours never have.
import { END_OF_ARCHIVE, encodeHeader, padding, paxRecord } from '../layer/tar_header.ts';

/** One member. */
export interface RawMember {
  readonly path: string;
  /** The type's flag: `1` is a hard link, `S` a sparse file of GNU tar. Default: `0`, a file. */
  readonly flag?: string;
  /** Default: none. */
  readonly linkname?: string;
  /** Default: empty. */
  readonly content?: string | Buffer;
  /** Records of a pax header before it. Default: no such header. */
  readonly pax?: Readonly<Record<string, string | Buffer>>;
}

/** The bytes of an archive of members with mode 0644 and owner 0. */
export function rawTar(members: readonly RawMember[]): Buffer {
  const parts = members.flatMap((member) => {
    const records = Object.entries(member.pax ?? {}).map(([key, value]) => paxRecord(key, value));
    const before = records.length === 0 ? [] : rawMember({ path: 'pax', flag: 'x', content: Buffer.concat(records) });
    return [...before, ...rawMember(member)];
  });
  return Buffer.concat([...parts, END_OF_ARCHIVE]);
}

function rawMember({ path, flag = '0', linkname = '', content = '' }: RawMember): Buffer[] {
  const bytes = typeof content === 'string' ? Buffer.from(content) : content;
  const header = encodeHeader({
    path,
    type: 'file',
    mode: 0o644,
    uid: 0,
    gid: 0,
    size: bytes.length,
    target: linkname,
  });
  header.write(flag, 156, 'latin1');
  header.fill(' ', 148, 156);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return [header, bytes, padding(bytes.length)];
}
