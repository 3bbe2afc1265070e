// The members of a Unix `ar` archive, which is what a .deb is. Format: deb(5), ar(5).
import { open } from 'node:fs/promises';
import { ToolError } from '../../lib/errors.ts';

/** One member: a range of the archive. */
export interface ArMember {
  readonly name: string;
  readonly offset: number;
  readonly size: number;
}

const MAGIC = '!<arch>\n';
const HEADER_BYTES = 60;

/** The members of the archive `path`. Throws OCI_ARCHIVE_INVALID. */
export async function readArMembers(path: string): Promise<ArMember[]> {
  const handle = await open(path, 'r');
  try {
    const { size: end } = await handle.stat();
    const magic = Buffer.alloc(MAGIC.length);
    await handle.read(magic, 0, magic.length, 0);
    if (magic.toString('latin1') !== MAGIC) throw invalidArchive(path, 'it is no ar archive');
    const members: ArMember[] = [];
    for (let offset = MAGIC.length; offset < end;) {
      const header = Buffer.alloc(HEADER_BYTES);
      const { bytesRead } = await handle.read(header, 0, HEADER_BYTES, offset);
      const text = header.toString('latin1');
      const size = Number(text.slice(48, 58).trim());
      const start = offset + HEADER_BYTES;
      if (bytesRead < HEADER_BYTES || text.slice(58) !== '`\n' || !Number.isSafeInteger(size) || start + size > end) {
        throw invalidArchive(path, `it is damaged at byte ${offset}`);
      }
      members.push({ name: text.slice(0, 16).trim().replace(/\/$/, ''), offset: start, size });
      offset = start + size + (size % 2);
    }
    return members;
  } finally {
    await handle.close();
  }
}

/** The error for an archive that cannot be read. */
export function invalidArchive(path: string, problem: string, cause?: unknown): ToolError {
  return new ToolError('OCI_ARCHIVE_INVALID', `Reading archive ${path}: ${problem}`, {
    cause,
    hint: 'Fetch it again; if that does not help, its lock entry is of another file.',
  });
}
