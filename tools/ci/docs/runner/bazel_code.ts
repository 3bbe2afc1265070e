// Starlark, TypeScript and settings of pages, given to Bazel in the clone that a page is run in.
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { starlarkIn } from '../pages/kinds.ts';
import { type Block, type Page, place } from '../pages/page.ts';
import { callsIn } from '../pages/starlark_blocks.ts';
import type { RulesModel } from '../rules/model.ts';
import { contextOf, inContext } from './contexts.ts';
import { ownLines } from './output.ts';
import type { Shell } from './shell.ts';
import type { Step } from './steps.ts';

/** Where Starlark of a page is, a package for each block. */
const FOLDER = 'docs_code';

/** Options of {@link codeProblems}. */
export interface CodeOptions {
  readonly root: string;
  readonly rules: RulesModel;
  readonly shell: Shell;
}

/** What Bazel says is wrong with the code of a page. */
export async function codeProblems(
  { path }: Page,
  steps: readonly Step[],
  options: CodeOptions,
): Promise<readonly string[]> {
  const codeIn = (language: string) =>
    steps.flatMap((step) => (step.kind === 'code' && step.language === language ? [step.block] : []));
  const typescript = codeIn('typescript').flatMap((block) => {
    const file = contextOf(path, block.text)?.path;
    return file === undefined ? [] : [{ block, file }];
  });
  return [
    ...(await starlarkProblems(codeIn('starlark'), options)),
    ...(await bazelrcProblems(codeIn('bazelrc'), options)),
    ...(await typescriptProblems(typescript, options)),
  ];
}

/** Loads a package for each block. */
async function starlarkProblems(
  blocks: readonly Block[],
  { root, rules, shell }: CodeOptions,
): Promise<readonly string[]> {
  if (blocks.length === 0) return [];
  const packageOf = ({ line }: Block) => `line_${line}`;
  for (const block of blocks) {
    const folder = join(root, FOLDER, packageOf(block));
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, 'BUILD.bazel'), buildFile(block, rules));
    // Without it no service is in an environment with pins.
    await writeFile(join(folder, 'pins.json'), '{}\n');
  }
  const { exit, output } = await shell.run(`bazel query --keep_going //${FOLDER}/...`);
  await rm(join(root, FOLDER), { recursive: true });
  if (exit === 0) return [];
  const lines = ownLines(output).filter((line) => !line.startsWith('//'));
  const found = blocks.filter((block) => lines.some((line) => line.includes(`${FOLDER}/${packageOf(block)}`)));
  const at = (found.length === 0 ? blocks.slice(0, 1) : found).map(place).join(', ');
  return [`${at}: Bazel does not load this:\n${lines.map((line) => `      ${line}`).join('\n')}`];
}

/** A BUILD file of a block: with what it calls and does not load, and `…` left out. */
export function buildFile({ path, text }: Block, rules: RulesModel): string {
  const statements = starlarkIn(text, path) ?? [];
  const loaded = new Set(statements.flatMap((one) => (one.kind === 'load' ? one.names.map(({ local }) => local) : [])));
  const called = new Set(
    statements.flatMap((one) =>
      callsIn(one).flatMap(({ callee }) => (callee.kind === 'name' && !loaded.has(callee.name) ? [callee.name] : [])),
    ),
  );
  const loads = [...called].flatMap((name) => {
    const file = rules.files.find(({ symbols }) => symbols.some((symbol) => symbol.name === name));
    return file === undefined ? [] : [`load("${file.label}", "${name}")`];
  });
  const whole = inContext(path, text).replaceAll(/^\s*…$/gm, '');
  // Entries of a dict are no statement.
  return `${loads.join('\n')}\n${/^\s*"/.test(whole) ? `_ = {\n${whole}\n}` : whole}\n`;
}

/** Asks Bazel for its own options, and for the targets that are options. */
async function bazelrcProblems(blocks: readonly Block[], { shell }: CodeOptions): Promise<readonly string[]> {
  const problems: string[] = [];
  for (const block of blocks) {
    for (const [index, text] of block.text.split('\n').entries()) {
      const [, command = '', options = ''] = /^(\w+)(?::[\w-]+)? (.*?)(?: +#.*)?$/.exec(text) ?? [];
      const label = /^--((?:@\w*)?\/\/[^=]*)=/.exec(options)?.[1];
      const asked =
        label === undefined
          ? `bazel canonicalize-flags --for_command=${command} -- ${options}`
          : `bazel query ${label}`;
      const { exit, output } = await shell.run(asked);
      if (exit !== 0) problems.push(`${block.path}:${block.line + index}: ${text}\n${ownLines(output).join('\n')}`);
    }
  }
  return problems;
}

/** Builds the packages that the blocks are files of. */
async function typescriptProblems(
  files: readonly { readonly block: Block; readonly file: string }[],
  { root, shell }: CodeOptions,
): Promise<readonly string[]> {
  if (files.length === 0) return [];
  for (const { block, file } of files) {
    await mkdir(dirname(join(root, file)), { recursive: true });
    await writeFile(join(root, file), `${inContext(block.path, block.text)}\n`);
  }
  const packages = new Set(files.map(({ file }) => `//${dirname(file)}/...`));
  const { exit, output } = await shell.run(`bazel build ${[...packages].join(' ')}`);
  if (exit === 0) return [];
  const at = files.map(({ block }) => place(block)).join(', ');
  return [`${at}: this does not compile:\n${ownLines(output).join('\n')}`];
}
