// A pins.json of the checkout: read, and changed so that a reader sees the old or the new one and no change is lost.
import { readFile, realpath, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ToolError, errorText, systemErrorCode } from '../../lib/errors.ts';
import { withLock } from '../../lib/lock.ts';
import { type Pins, formatPins, parsePins } from '../model/pins.ts';

/** A pins.json. */
export interface PinsPlace {
  /** The workspace's folder. */
  readonly workspace: string;
  /** The file below it: what errors call it. */
  readonly file: string;
}

/** How long a change waits for the change of another run. */
const LOCK_WAIT_MS = 30_000;

/** The pins; a file that is not there yet has none. Throws K8S_PINS_INVALID. */
export async function readPins({ workspace, file }: PinsPlace): Promise<Pins> {
  let text: string;
  try {
    text = await readFile(join(workspace, file), 'utf8');
  } catch (cause) {
    if (systemErrorCode(cause) === 'ENOENT') return {};
    throw unusable('Reading', file, cause);
  }
  return parsePins(text, file);
}

/**
 * Changes the pins, on what is there by then; false: nothing had to be written. A file that cannot be read is left as
 * it is. Throws K8S_PINS_INVALID, K8S_PINS_BUSY.
 */
export async function updatePins(place: PinsPlace, change: (pins: Pins) => Pins): Promise<boolean> {
  const named = join(place.workspace, place.file);
  // A link is followed: what is replaced is the file.
  const path = await realpath(named).catch(() => named);
  return withLock(
    path,
    async () => {
      const text = await readFile(path, 'utf8').catch(() => '');
      const next = formatPins(change(await readPins(place)));
      if (next === text) return false;
      const draft = `${path}.${process.pid}.tmp`;
      try {
        const mode = await stat(path).then(
          (found) => found.mode & 0o777,
          () => 0o644,
        );
        await writeFile(draft, next, { mode });
        await rename(draft, path);
      } catch (cause) {
        await rm(draft, { force: true });
        throw unusable('Writing', place.file, cause);
      }
      return true;
    },
    { waitMs: LOCK_WAIT_MS, code: 'K8S_PINS_BUSY' },
  );
}

function unusable(doing: string, file: string, cause: unknown): ToolError {
  return new ToolError('K8S_PINS_INVALID', `${doing} pins ${file}: ${errorText(cause)}`, {
    cause,
    hint: 'Make it a file that you may read and write.',
  });
}
