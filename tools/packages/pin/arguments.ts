// The command line that all pin commands have.
import { readFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { ToolError, systemErrorCode } from '../../lib/errors.ts';
import { userPath } from '../../lib/runfiles.ts';

/** What a pin command was asked for. */
export interface PinArguments {
  /** The list, as it was typed, and as an absolute path. */
  readonly shown: string;
  readonly listPath: string;
  /** What follows the list. */
  readonly rest: readonly string[];
  readonly allowDowngrade: boolean;
}

/** Reads `<list> [more …] [--allow-downgrade]`. Throws PIN_USAGE; `example` is a list that there could be. */
export function parsePinArguments(argv: readonly string[], example: string): PinArguments {
  const { values, positionals } = parseArgs({
    args: [...argv],
    allowPositionals: true,
    options: { 'allow-downgrade': { type: 'boolean', default: false } },
  });
  const [shown, ...rest] = positionals;
  if (shown === undefined || shown.split('.').at(-1) !== example.split('.').at(-1)) {
    throw new ToolError('PIN_USAGE', `Pinning packages: ${shown ?? 'no list given'}${shown ? ' is no list' : ''}`, {
      hint: `Name the list, such as ${example}.`,
    });
  }
  return { shown, listPath: userPath(shown), rest, allowDowngrade: values['allow-downgrade'] };
}

/** The path of a list's lock: `x.json` → `x.lock.json`. */
export function lockPathOf(listPath: string): string {
  return listPath.replace(/\.json$/, '.lock.json');
}

/** A list that people edit. Throws PIN_LIST_UNREADABLE. */
export async function readList(path: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as unknown;
  } catch (error) {
    throw new ToolError('PIN_LIST_UNREADABLE', `Reading ${path}: ${systemErrorCode(error) ?? 'it is not JSON'}`, {
      cause: error,
      hint: 'Correct the path or the file.',
    });
  }
}

/** The lock as it is, undefined where there is none yet. Throws PIN_LIST_UNREADABLE for one that cannot be read. */
export async function readLockBefore(path: string): Promise<unknown> {
  return (await textBefore(path)) === '' ? undefined : readList(path);
}

/** A file's text, empty where there is none. */
export async function textBefore(path: string): Promise<string> {
  return readFile(path, 'utf8').catch((error: unknown) => {
    if (systemErrorCode(error) === 'ENOENT') return '';
    throw error;
  });
}
