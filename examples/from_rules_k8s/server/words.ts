import { readFile } from 'node:fs/promises';

/** The lines of a file that is named by its path in the workspace. */
export async function loadWords(path: string): Promise<readonly string[]> {
  return (await readFile(path, 'utf8')).split('\n').filter((line) => line !== '');
}
