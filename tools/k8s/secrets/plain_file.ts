// A file of the machine that has a secret as it is: never one that git has, and better one that nobody else may read.
import { execFile } from 'node:child_process';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { parse } from 'yaml';
import { ToolError, systemErrorCode } from '../../lib/errors.ts';
import { asRecord } from '../model/object.ts';
import { invalid, missingEntry } from './sops_file.ts';

type Env = Readonly<Record<string, string | undefined>>;

const GIT_TIMEOUT_MS = 30_000;
const MAX_BYTES = 1024 * 1024;

/** A file of the machine. */
export interface PlainFile {
  readonly bytes: Buffer;
  /** Whether others than its owner may read it. */
  readonly isOpen: boolean;
}

/**
 * Reads a file; a relative path is below the workspace.
 * Throws K8S_SECRET_FILE, and K8S_SECRET_PLAIN for a file that is in git.
 */
export async function readPlainFile(path: string, env: Env): Promise<PlainFile> {
  const workspace = env['BUILD_WORKSPACE_DIRECTORY'] ?? '';
  if (!path.startsWith('/') && workspace === '') {
    throw invalid(
      path,
      'there is no workspace below which it could be',
      'Write its absolute path, or use `bazel run`.',
    );
  }
  const full = path.startsWith('/') ? path : join(workspace, path);
  try {
    const { mode, size } = await stat(full);
    if (size > MAX_BYTES) throw invalid(path, `it has ${size} bytes; a Secret takes 1 MiB`);
    await refuseTracked(full, path, workspace);
    return { bytes: await readFile(full), isOpen: (mode & 0o077) !== 0 };
  } catch (cause) {
    if (cause instanceof ToolError) throw cause;
    throw new ToolError('K8S_SECRET_FILE', `Reading ${full}: ${systemErrorCode(cause) ?? 'it cannot be read'}`, {
      cause,
      hint: 'Put the secret there, or correct the reference.',
    });
  }
}

async function refuseTracked(full: string, path: string, workspace: string): Promise<void> {
  if (workspace === '') return;
  try {
    await promisify(execFile)('git', ['-C', workspace, 'ls-files', '--error-unmatch', '--', full], {
      timeout: GIT_TIMEOUT_MS,
    });
  } catch {
    // Not in git, or no git: then nothing has got into it.
    return;
  }
  throw new ToolError('K8S_SECRET_PLAIN', `Reading ${path}: git has it, so everybody who has a clone has the secret`, {
    hint: `Make a new secret, \`git rm --cached ${path}\`, and encrypt it with sops, or keep it out of git.`,
  });
}

/** One value of a YAML or JSON file, its keys joined by dots. Throws K8S_SECRET_FILE, K8S_SECRET_ENTRY. */
export function entryOf(bytes: Buffer, path: string, name: string): Buffer {
  let root: unknown;
  try {
    root = parse(bytes.toString('utf8'), { intAsBigInt: true, logLevel: 'error' });
  } catch {
    // With a log level of 'silent' what can be read of a broken file would count. The parser's own words quote lines of the file.
    throw invalid(path, `it is neither YAML nor JSON, and has no entry '${name}'`, 'Leave out what follows the #.');
  }
  const entries = new Map<string, string>();
  const walk = (value: unknown, place: string): void => {
    const items = Array.isArray(value) ? [...value.entries()] : Object.entries(asRecord(value) ?? {});
    for (const [key, item] of items) walk(item, place === '' ? `${key}` : `${place}.${key}`);
    if (place !== '' && value !== null && typeof value !== 'object') entries.set(place, String(value));
  };
  walk(root, '');
  const value = entries.get(name);
  if (value === undefined) throw missingEntry(path, name, [...entries.keys()]);
  return Buffer.from(value, 'utf8');
}
