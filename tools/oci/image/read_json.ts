// JSON files of the build.
import { readFile } from 'node:fs/promises';
import { ToolError, systemErrorCode } from '../../lib/errors.ts';
import { invalid } from './model.ts';

/** Reads a JSON file. Throws OCI_FILE_UNREADABLE or OCI_DOCUMENT_INVALID. */
export async function readJson(path: string): Promise<unknown> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    throw new ToolError('OCI_FILE_UNREADABLE', `Reading ${path}: ${systemErrorCode(error) ?? 'it failed'}`, {
      cause: error,
      hint: 'Build the target again.',
    });
  }
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    throw invalid(path, `is not JSON (${error instanceof Error ? error.message : String(error)})`);
  }
}
