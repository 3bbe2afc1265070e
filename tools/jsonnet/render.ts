// Evaluates one Jsonnet program as a request of jsonnet_to_json says.
import { execFile } from 'node:child_process';
import { copyFile, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ToolError } from '../lib/errors.ts';

/** A variable or top-level argument: `flag` is the Jsonnet program's, without the two dashes. */
interface Named {
  readonly flag: string;
  readonly name: string;
}

/** What is rendered: a file, files that are fields of the value, a folder of them, or the outcome of a test. */
export type RenderOutput =
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'files'; readonly files: readonly { readonly key: string; readonly path: string }[] }
  | { readonly kind: 'folder'; readonly path: string }
  | { readonly kind: 'outcome'; readonly multiple: boolean };

/** What the rules ask for. */
export interface RenderRequest {
  readonly label: string;
  /** What helps to mend a failure, beside what is always said. Default: nothing. */
  readonly hint?: string;
  readonly compiler: string;
  readonly source: string;
  readonly importPaths: readonly string[];
  readonly values: readonly (Named & { readonly value: string; readonly stamp: boolean })[];
  readonly envs: readonly Named[];
  readonly files: readonly (Named & { readonly path: string })[];
  /** Bazel's workspace status files: lines of `KEY value`. */
  readonly statusFiles: readonly string[];
  readonly yamlStream: boolean;
  readonly extraArgs: readonly string[];
  readonly output: RenderOutput;
  /** Where the outcome goes instead of an error. Empty: an error is an error. */
  readonly capture: string;
}

/** How an evaluation ended; `files` are its outputs by name, '' for that of a single one. */
export interface Outcome {
  readonly exitCode: number;
  readonly message: string;
  readonly files: Readonly<Record<string, string>>;
}

/** `value` with each `{KEY}` that the status has replaced; other braces stay as they are. */
export function stamp(value: string, status: ReadonlyMap<string, string>): string {
  return value.replaceAll(/\{([A-Z][A-Z0-9_]*)\}/g, (braces, key: string) => status.get(key) ?? braces);
}

/** The entries of workspace status files. */
export function parseStatus(text: string): Map<string, string> {
  const lines = text.split('\n').filter((line) => line !== '');
  return new Map(
    lines.map((line) => {
      const [key = '', ...words] = line.split(' ');
      return [key, words.join(' ')];
    }),
  );
}

async function jsonnetArguments(request: RenderRequest): Promise<string[]> {
  const texts = await Promise.all(request.statusFiles.map((file) => readFile(file, 'utf8')));
  const status = parseStatus(texts.join('\n'));
  return [
    // The last one wins, but an import must not depend on that: each path exists once.
    ...request.importPaths.flatMap((path) => ['-J', path]),
    ...request.values.flatMap((v) => [`--${v.flag}`, `${v.name}=${v.stamp ? stamp(v.value, status) : v.value}`]),
    ...request.envs.flatMap((v) => [`--${v.flag}`, v.name]),
    ...request.files.flatMap((v) => [`--${v.flag}`, `${v.name}=${v.path}`]),
    ...(request.yamlStream ? ['-y'] : []),
    ...request.extraArgs,
  ];
}

/** A render lasts milliseconds: with Go's default, collecting what it leaves behind takes a third of them. */
export const GARBAGE_PERCENT = '400';

async function evaluate(request: RenderRequest, output: readonly string[]) {
  const args = [...(await jsonnetArguments(request)), ...output, '--', request.source];
  return new Promise<{ exitCode: number; message: string }>((settle, reject) => {
    const env = { GOGC: GARBAGE_PERCENT, ...process.env };
    execFile(request.compiler, args, { env, maxBuffer: 1 << 26 }, (error, _stdout, stderr) => {
      const exitCode = error === null ? 0 : error.code;
      if (error !== null && typeof exitCode !== 'number')
        reject(new Error(`Starting ${request.compiler}: ${error.message}`, { cause: error }));
      else settle({ exitCode: Number(exitCode), message: stderr.trim() });
    });
  });
}

async function readTree(folder: string): Promise<Record<string, string>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const texts = await Promise.all(
    files.sort().map(async (file) => [file.slice(folder.length + 1), await readFile(file, 'utf8')]),
  );
  return Object.fromEntries(texts) as Record<string, string>;
}

function hintFor({ hint = '' }: RenderRequest, general: string): string {
  return hint === '' ? general : `${general} ${hint}`;
}

function checkSuccess(request: RenderRequest, { exitCode, message }: { exitCode: number; message: string }): void {
  if (exitCode === 0) return;
  throw new ToolError('JSONNET_FAILED', `Rendering ${request.label}: ${message}`, {
    hint: hintFor(
      request,
      'Mend the Jsonnet at the first of the places above that is yours, whose imports `deps` names.',
    ),
  });
}

async function renderFiles(request: RenderRequest, files: readonly { key: string; path: string }[], folder: string) {
  checkSuccess(request, await evaluate(request, ['-c', '-m', folder, '-o', `${folder}.list`]));
  const made = Object.keys(await readTree(folder));
  const wanted = files.map((file) => file.key).sort();
  if (made.join('\n') !== wanted.join('\n')) {
    throw new ToolError(
      'JSONNET_OUTPUTS_DIFFER',
      `Rendering ${request.label}: outs are ${wanted.join(', ')}, but the fields of the value are ${made.join(', ') || 'none'}`,
      { hint: hintFor(request, 'Name in outs just the fields that the program makes.') },
    );
  }
  for (const { key, path } of files) await copyFile(join(folder, key), path);
}

async function outcomeOf(request: RenderRequest, multiple: boolean, folder: string): Promise<Outcome> {
  const single = join(folder, 'output');
  const target = multiple ? ['-c', '-m', folder, '-o', `${folder}.list`] : ['-o', single];
  const result = await evaluate(request, target);
  if (result.exitCode !== 0) return { ...result, files: {} };
  return { ...result, files: multiple ? await readTree(folder) : { '': await readFile(single, 'utf8') } };
}

/** Renders; throws JSONNET_FAILED with Jsonnet's own message (file, line, column), which the outcome of a test holds. */
export async function render(request: RenderRequest): Promise<void> {
  const { output } = request;
  const scratch = await mkdtemp(join(tmpdir(), 'jsonnet-'));
  const folder = join(scratch, 'out');
  await mkdir(folder);
  try {
    switch (output.kind) {
      case 'file':
        checkSuccess(request, await evaluate(request, ['-o', output.path]));
        break;
      case 'files':
        await renderFiles(request, output.files, folder);
        break;
      case 'folder':
        checkSuccess(request, await evaluate(request, ['-c', '-m', output.path, '-o', `${folder}.list`]));
        break;
      case 'outcome':
        await writeFile(request.capture, JSON.stringify(await outcomeOf(request, output.multiple, folder)));
        break;
    }
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}
