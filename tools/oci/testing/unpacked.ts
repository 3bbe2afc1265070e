// What is in the layers that tests make, as another implementation of tar reads them.
import { Readable } from 'node:stream';
import { type Header, extract } from 'tar-stream';
import { ToolError } from '../../lib/errors.ts';
import { tarBytes } from '../layer/blob.ts';
import { arrange } from '../layer/entries.ts';
import { type LayerSource, readSources } from '../layer/sources.ts';

/** An entry of an archive. */
export interface Unpacked {
  readonly header: Header;
  readonly text: string;
}

/** What another implementation of tar reads in an archive. */
export async function untar(archive: Readable): Promise<Unpacked[]> {
  const found: Unpacked[] = [];
  for await (const entry of archive.pipe(extract())) {
    const chunks: Buffer[] = [];
    for await (const chunk of entry as AsyncIterable<Buffer>) chunks.push(chunk);
    const name = entry.header.name.replace(/\/$/, '');
    found.push({ header: { ...entry.header, name }, text: Buffer.concat(chunks).toString('utf8') });
  }
  return found;
}

/** What a layer of these sources has in it; what they need of disk is in the folder `spool`. */
export async function tarOf(sources: readonly LayerSource[], spool: string): Promise<Unpacked[]> {
  return untar(Readable.from(tarBytes(await arrange((await readSources(sources, spool)).entries))));
}

export const names = (entries: readonly Unpacked[]) => entries.map(({ header }) => header.name);

/** Whether an error has a code, words and a hint. */
export function fails(code: string, words: RegExp) {
  return (error: unknown) =>
    error instanceof ToolError && error.code === code && words.test(error.message) && error.hint !== undefined;
}
