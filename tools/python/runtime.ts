// The Python of an image as a folder that runs anywhere: its C library and the loader of that come along, so the
// machine that builds may have an older one, or none.
import { createWriteStream } from 'node:fs';
import { copyFile, mkdir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { ToolError } from '../lib/errors.ts';
import { archiveMembers } from '../oci/layer/archive.ts';

const LIBRARY = /^(?:usr\/)?lib(?:\/[^/]+-linux-gnu)?\/([^/]+\.so(?:\.[\d.]+)?)$/;
const STANDARD_LIBRARY = /^usr\/(lib\/python3\.\d+\/.+)$/;
const INTERPRETER = /^usr\/(bin\/python3\.\d+)$/;
const LOADER = /^ld-linux-[\w-]+\.so\.\d+$/;

/** Where a file of the image goes; undefined for what Python does not need. */
export function placeInRuntime(path: string): string | undefined {
  const [, kept] = INTERPRETER.exec(path) ?? STANDARD_LIBRARY.exec(path) ?? [];
  if (kept !== undefined) return kept;
  const [, library] = LIBRARY.exec(path) ?? [];
  if (library === undefined) return undefined;
  return LOADER.test(library) ? 'lib/ld.so' : `lib/${library}`;
}

/** Writes the runtime of an image's layers, the lowest first, into `folder`. Throws PY_RUNTIME_INCOMPLETE. */
export async function writeRuntime(layers: readonly string[], folder: string): Promise<void> {
  const links = new Map<string, string>();
  const written = new Set<string>();
  for (const layer of layers) {
    for await (const member of archiveMembers({ path: layer, origin: layer })) {
      const place = placeInRuntime(member.path);
      if (place === undefined) continue;
      if (member.type === 'symlink') links.set(place, member.linkname);
      if (member.type !== 'file') continue;
      await mkdir(dirname(join(folder, place)), { recursive: true });
      await pipeline(member.body, createWriteStream(join(folder, place), { mode: 0o755 }));
      written.add(place);
    }
  }
  // A folder that an action makes has no links: `libz.so.1` is a copy of `libz.so.1.3.1`.
  for (const [place, target] of links) {
    const source = place.startsWith('lib/python') ? join(dirname(place), target) : `lib/${basename(target)}`;
    if (!written.has(place) && written.has(source)) await copyFile(join(folder, source), join(folder, place));
  }
  const missing = ['bin/python3.', 'lib/ld.so', 'lib/libc.so.'].filter(
    (start) => ![...written].some((place) => place.startsWith(start)),
  );
  if (missing.length === 0) return;
  throw new ToolError('PY_RUNTIME_INCOMPLETE', `Unpacking Python of an image: it has no ${missing.join(', no ')}`, {
    hint: "Name an image with Debian's Python and C library, such as @fathom//tools/python:base.",
  });
}
