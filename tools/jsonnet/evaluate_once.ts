// One evaluation by a Jsonnet program that starts and ends, whose command line is that of go-jsonnet's `jsonnet`.
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Outcome, type RenderRequest, variablesOf } from './request.ts';

/** A render lasts milliseconds: with Go's default, collecting what it leaves behind takes a third of them. */
export const GARBAGE_PERCENT = '400';

/** Evaluates the program of a request; `multiple`: whether each field of its value is an output. */
export async function evaluateOnce(request: RenderRequest, multiple: boolean): Promise<Outcome> {
  const scratch = await mkdtemp(join(tmpdir(), 'jsonnet-'));
  try {
    const [single, folder] = [join(scratch, 'output'), join(scratch, 'out')];
    await mkdir(folder);
    const output = multiple ? ['-c', '-m', folder, '-o', join(scratch, 'list')] : ['-o', single];
    const result = await run(request.compiler, [...(await jsonnetArguments(request)), ...output, '--', request.source]);
    if (result.exitCode !== 0) return { ...result, files: {} };
    return { ...result, files: multiple ? await readTree(folder) : { '': await readFile(single, 'utf8') } };
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

async function jsonnetArguments(request: RenderRequest): Promise<string[]> {
  return [
    // The last one wins, but an import must not depend on that: each path exists once.
    ...request.importPaths.flatMap((path) => ['-J', path]),
    ...(await variablesOf(request)).flatMap(({ flag, name, value }) => [`--${flag}`, `${name}=${value}`]),
    ...request.envs.flatMap(({ flag, name }) => [`--${flag}`, name]),
    ...(request.yamlStream ? ['-y'] : []),
    ...request.extraArgs,
  ];
}

async function run(compiler: string, args: readonly string[]): Promise<{ exitCode: number; message: string }> {
  return new Promise((settle, reject) => {
    const env = { GOGC: GARBAGE_PERCENT, ...process.env };
    execFile(compiler, args, { env, maxBuffer: 1 << 26 }, (error, _stdout, stderr) => {
      const exitCode = error === null ? 0 : error.code;
      if (error !== null && typeof exitCode !== 'number')
        reject(new Error(`Starting ${compiler}: ${error.message}`, { cause: error }));
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
