// Stage 0: the driver of TsCompile and TsEmit actions, which Bazel may keep running: see driver.bzl and worker.ts. Its
// arguments are a file of parameters, whose fields compile.bzl has, and declarations, each by its path and name.
import { existsSync, mkdirSync, readFileSync, realpathSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { spawnSync } from 'node:child_process';
import { runTool } from '../lib/worker.ts';
import { ToolError, systemErrorCode } from '../lib/errors.ts';
import { type CompilerFolder, type NamedFile, compilerFolder } from './compile_folder.ts';
import { CONFIG_FILE, type CompileParams, INFO_FILE, OUT_FOLDER, layOut, sourceNames } from './compile_layout.ts';
import { explainDiagnostics } from './compile_diagnostics.ts';
import { undeclaredImports } from './compile_strict_deps.ts';

/** Up to so many sources one thread is as fast, but not with the types of an npm package, which are more than all of them. */
const MAX_FOR_ONE_THREAD = 16;

// One for each kind: what writes JavaScript needs no declarations, and would have them taken away.
const folders = new Map<boolean, CompilerFolder>();
// A signal ends the process without what `finally` would do.
process.on('exit', () => {
  for (const folder of folders.values()) folder.remove();
});

await runTool(async ({ argv }) => {
  const [file = '', ...deps] = argv;
  const params: CompileParams = { ...JSON.parse(readFileSync(file, 'utf8')), deps: deps.map(namedFile) };
  const folder = folderFor(params);
  try {
    return compile(params, folder);
  } catch (error) {
    folder.empty();
    throw error;
  }
});

function folderFor({ emit }: CompileParams): CompilerFolder {
  const folder = folders.get(emit === 'js') ?? compilerFolder(tmpdir());
  folders.set(emit === 'js', folder);
  return folder;
}

/** Of an argument that compile.bzl writes. */
function namedFile(argument: string): NamedFile {
  const [path = '', name = ''] = argument.split('\t');
  return { path, name };
}

function compile(params: CompileParams, folder: CompilerFolder): number {
  const { root } = folder;
  layOut(params, folder);
  for (const made of [OUT_FOLDER, INFO_FILE]) rmSync(join(root, made), { recursive: true, force: true });
  const problems = sourceNames(params).length === 0 ? [] : runCompiler(params, root);
  if (params.diagnostics !== '') {
    writeFileSync(params.diagnostics, problems.join('\n') + '\n');
    return problems.length > 0 ? 0 : 1;
  }
  if (problems.length > 0) {
    process.stderr.write(`${params.label}: TypeScript errors\n${problems.join('\n')}\n`);
    return 1;
  }
  if (params.stamp !== '') writeFileSync(params.stamp, '');
  for (const output of params.outputs) {
    const compiled = join(root, OUT_FOLDER, output.name);
    mkdirSync(dirname(output.path), { recursive: true });
    if (output.name.endsWith('.map'))
      writeFileSync(output.path, portableMap(readFileSync(compiled, 'utf8'), output.name));
    else if (existsSync(compiled)) move(compiled, output.path);
    else writeFileSync(output.path, readFileSync(pathOfSource(output.name, params)));
  }
  return 0;
}

/** Of a source that is there as it is given: JSON, or declarations. */
function pathOfSource(name: string, { srcs }: CompileParams): string {
  const source = srcs.find((src) => src.name === name);
  if (source === undefined) throw new Error(`The compiler wrote no ${name}, and no source is called so`);
  return source.path;
}

function move(from: string, to: string): void {
  try {
    renameSync(from, to);
  } catch (error) {
    if (systemErrorCode(error) !== 'EXDEV') throw error;
    writeFileSync(to, readFileSync(from));
  }
}

/** What is wrong with the sources, a line each. */
function runCompiler(params: CompileParams, root: string): string[] {
  // A few files are compiled as fast by one thread, which takes two thirds of the processor's time.
  const threads = params.packages.length === 0 && params.srcs.length <= MAX_FOR_ONE_THREAD ? ['--singleThreaded'] : [];
  const result = spawnSync(realpathSync(params.tsc), ['-p', join(root, CONFIG_FILE), '--pretty', 'false', ...threads], {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: 64 << 20,
    // The compiler is a Go program that lives for less than a second: it collects no garbage until it has a lot.
    env: { ...process.env, GOGC: 'off', GOMEMLIMIT: '1GiB' },
  });
  if (result.error !== undefined) {
    throw new ToolError('TS_COMPILER_MISSING', `Starting the TypeScript compiler ${params.tsc}`, {
      cause: result.error,
      hint: 'On another platform than linux/amd64, declare a ts_toolchain for it.',
    });
  }
  if (result.status === 0) return params.emit === 'js' ? [] : undeclaredImports(params, root);
  const problems = explainDiagnostics(result.stdout + result.stderr, params, root);
  return problems.length > 0 ? problems : [`The compiler ended with ${result.status ?? result.signal}`];
}

/** A source map that names its source by file name alone: it lies beside the JavaScript. */
function portableMap(text: string, name: string): string {
  const map: { sources: string[] } = JSON.parse(text);
  map.sources = map.sources.map((source) => basename(source));
  return `${JSON.stringify({ ...map, file: basename(name, '.map') })}\n`;
}
