// TypeScript: oxlint with the rules of .oxlintrc.jsonc, and the compiler with the settings of each tsconfig.json.
import { readdir, realpath } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join, relative } from 'node:path';
import { mapLimited } from '../../lib/limit.ts';
import { typeScriptPrograms } from '../format/checkout.ts';
import { renderFinding, runLinter, type Finding } from './finding.ts';
import { examplesOf, packageFolder } from './tree.ts';

/** What oxlint finds in a tree of `makeTree`; with `fix` it mends there what it can, and tells the rest. */
export async function oxlint(tree: string, { fix }: { readonly fix: boolean }): Promise<readonly Finding[]> {
  const program = join(await packageFolder('oxlint'), 'bin', 'oxlint');
  // oxlint looks for it in the folder's node_modules/.bin, which npm alone makes.
  const tsgolint = createRequire(join(await packageFolder('oxlint-tsgolint'), 'package.json')).resolve(
    `@oxlint-tsgolint/${process.platform}-${process.arch}/tsgolint`,
  );
  // By name: what is generated, and the packages, are not ours to lint.
  const folders = (await readdir(tree)).filter((name) => !name.startsWith('.') && name !== 'node_modules');
  const args = [
    '--type-aware',
    '--report-unused-disable-directives',
    '--format=json',
    ...(fix ? ['--fix'] : []),
    ...folders,
  ];
  const { stdout } = await runLinter(process.execPath, [program, ...args], {
    cwd: tree,
    highestCode: 1,
    env: { OXLINT_TSGOLINT_PATH: tsgolint },
  });
  return parseOxlint(stdout);
}

interface OxlintReport {
  readonly diagnostics: readonly {
    readonly message: string;
    readonly code?: string;
    readonly filename: string;
    readonly labels: readonly { readonly span: { readonly line: number } }[];
  }[];
  readonly number_of_files: number;
}

/** Throws where nothing was looked at: a wrong path or pattern would otherwise find nothing. */
export function parseOxlint(json: string): readonly Finding[] {
  const report = JSON.parse(json) as OxlintReport;
  if (report.number_of_files === 0) throw new Error('oxlint looked at no file');
  return report.diagnostics.map(({ filename, labels, code = 'oxlint', message }) => ({
    path: filename,
    line: labels[0]?.span.line ?? 1,
    rule: code.replace(/^([\w-]+)\((.*)\)$/, '$1/$2'),
    message,
  }));
}

/** What the compiler says of each program among `paths`, which are a tree's of `makeTree`, and which sources are in none. */
export async function tsc(tree: string, paths: readonly string[]): Promise<readonly Finding[]> {
  const folders = [...typeScriptPrograms(paths), ...examplesOf(paths)];
  const programs = await mapLimited(folders, 2, (folder) => checkProgram(tree, folder));
  const looked = new Set(programs.flatMap(({ files }) => files));
  const forgotten = paths.filter((path) => /\.tsx?$/.test(path) && !looked.has(path));
  // What two programs use is looked at in both.
  const found = new Map(programs.flatMap(({ findings }) => findings).map((one) => [renderFinding(one), one]));
  return [
    ...found.values(),
    ...forgotten.map((path) => ({ path, line: 1, rule: 'tsc', message: 'No tsconfig.json includes it.' })),
  ];
}

/** What `npx tsc -p <folder>` says, and the files that it looked at, relative to the tree. */
async function checkProgram(
  tree: string,
  folder: string,
): Promise<{ readonly findings: readonly Finding[]; readonly files: readonly string[] }> {
  const program = join(await packageFolder('typescript'), 'bin', 'tsc');
  const flags = ['--noEmit', '--pretty', 'false', '--noUnusedLocals', '--noUnusedParameters', '--listFiles'];
  const { stdout, code } = await runLinter(process.execPath, [program, '-p', folder, ...flags], {
    cwd: tree,
    highestCode: 2,
  });
  const findings = parseTsc(stdout);
  if (code !== 0 && findings.length === 0) throw new Error(`tsc -p ${folder} ended with ${code}:\n${stdout}`);
  const root = await realpath(tree);
  return { findings, files: [...stdout.matchAll(/^\/.*$/gm)].map(([file]) => relative(root, file)) };
}

/** Each message with its first line alone; further lines are indented. */
export function parseTsc(output: string): readonly Finding[] {
  return [...output.matchAll(/^(\S.*)\((\d+),\d+\): error (TS\d+): (.*)$/gm)].map(
    ([, path = '', line, rule = '', message = '']) => ({ path, line: Number(line), rule, message }),
  );
}
