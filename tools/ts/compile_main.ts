// Stage 0: the driver of TsCompile and TsEmit actions, which Bazel may keep running: see driver.bzl and worker.ts. Its
// argument is a file of parameters; compile.bzl has the fields.
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { spawnSync } from 'node:child_process';
import { runTool } from '../lib/worker.ts';
import { ToolError } from '../lib/errors.ts';
import { CONFIG_FILE, type CompileParams, layOut, sourceNames } from './compile_layout.ts';
import { explainDiagnostics } from './compile_diagnostics.ts';
import { undeclaredImports } from './compile_strict_deps.ts';

await runTool(async ({ argv }) => {
  const params: CompileParams = JSON.parse(readFileSync(argv[0] ?? '', 'utf8'));
  const root = realpathSync(mkdtempSync(join(tmpdir(), 'ts-')));
  try {
    return compile(params, root);
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
});

function compile(params: CompileParams, root: string): number {
  layOut(params, root);
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
    const compiled = join(root, '.out', output.name);
    mkdirSync(dirname(output.path), { recursive: true });
    if (output.name.endsWith('.map'))
      writeFileSync(output.path, portableMap(readFileSync(compiled, 'utf8'), output.name));
    else copyFileSync(existsSync(compiled) ? compiled : join(root, output.name), output.path);
  }
  return 0;
}

/** What is wrong with the sources, a line each. */
function runCompiler(params: CompileParams, root: string): string[] {
  const result = spawnSync(realpathSync(params.tsc), ['-p', join(root, CONFIG_FILE), '--pretty', 'false'], {
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
