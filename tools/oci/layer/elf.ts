// Strips an ELF program without tools of the host: what is behind the last loaded byte (symbols, debug information and
// the table of sections) is left out. The kernel and the dynamic linker read segments only.
import { open } from 'node:fs/promises';
import { ToolError } from '../../lib/errors.ts';
import type { Content } from './content.ts';

const HEADER_BYTES = 64;
const CLASS_64 = 2;
const LITTLE_ENDIAN = 1;

/** The content of the program `path` without symbols. Throws OCI_NOT_ELF for anything but 64-bit little-endian ELF. */
export async function strippedElf(path: string): Promise<Content> {
  const handle = await open(path, 'r');
  try {
    const header = Buffer.alloc(HEADER_BYTES);
    await handle.read(header, 0, HEADER_BYTES, 0);
    if (header.toString('latin1', 0, 4) !== '\x7fELF' || header[4] !== CLASS_64 || header[5] !== LITTLE_ENDIAN) {
      throw new ToolError('OCI_NOT_ELF', `Stripping ${path}: it is no 64-bit little-endian ELF program`, {
        hint: 'Pack it without stripping.',
      });
    }
    const tableOffset = Number(header.readBigUInt64LE(32));
    const entrySize = header.readUInt16LE(54);
    const count = header.readUInt16LE(56);
    const table = Buffer.alloc(entrySize * count);
    await handle.read(table, 0, table.length, tableOffset);
    let end = tableOffset + table.length;
    for (let at = 0; at < table.length; at += entrySize) {
      const offset = Number(table.readBigUInt64LE(at + 8));
      const sizeInFile = Number(table.readBigUInt64LE(at + 32));
      end = Math.max(end, offset + sizeInFile);
    }
    header.writeBigUInt64LE(0n, 40); // e_shoff
    header.writeUInt16LE(0, 60); // e_shnum
    header.writeUInt16LE(0, 62); // e_shstrndx
    return [{ bytes: header }, { file: path, offset: HEADER_BYTES, size: end - HEADER_BYTES }];
  } finally {
    await handle.close();
  }
}
