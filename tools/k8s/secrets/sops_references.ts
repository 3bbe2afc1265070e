// References to files of sops, and the files that a target declares: what can be checked without a key. Pure.
import { ToolError } from '../../lib/errors.ts';
import { nearest } from '../../lib/nearest.ts';
import type { SecretFile } from '../model/plan_input.ts';
import type { SecretReference } from './reference.ts';
import { findEntry, parseSopsFile } from './sops_file.ts';

/** The declared file of a reference. Throws K8S_SECRET_UNDECLARED. */
export function findSecretFile(place: string, files: readonly SecretFile[]): SecretFile {
  const file = files.find(({ path }) => path === place);
  if (file !== undefined) return file;
  const paths = files.map(({ path }) => path);
  const other = nearest(place, paths);
  const known = other === undefined ? 'none is declared' : `the nearest is '${other}'`;
  throw new ToolError('K8S_SECRET_UNDECLARED', `Reading ${place}: it is not among the target's secrets; ${known}`, {
    hint: `Add its label to the attribute secrets of the target, or correct the path, which begins at the workspace's root.`,
  });
}

/**
 * Checks that each reference to a file of sops can be followed; all files are read, as none may be there unencrypted.
 * Throws K8S_SECRET_UNDECLARED, K8S_SECRET_FILE, K8S_SECRET_PLAIN, K8S_SECRET_ENTRY.
 */
export function checkSopsReferences(
  references: readonly SecretReference[],
  files: readonly Required<Pick<SecretFile, 'path' | 'text'>>[],
): void {
  const parsed = files.map(({ path, text }) => parseSopsFile(text, path));
  for (const { provider, place, key = '' } of references) {
    if (provider !== 'sops') continue;
    const { path } = findSecretFile(place, files);
    const file = parsed.find((one) => one.path === path);
    if (file !== undefined) findEntry(file, key);
  }
}
