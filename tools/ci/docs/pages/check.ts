// What is wrong with the pages of a checkout, as lines `docs/x.md:7: what`.
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join, posix } from 'node:path';
import { blocksOf, type Checkout, commandsIn } from './checkout.ts';
import { commandProblems, type KnownCommands } from './commands.ts';
import { jsonnetProblems, jsonProblems, typescriptProblems, yamlProblems } from './data_blocks.ts';
import { starlarkIn } from './kinds.ts';
import { linkProblems } from './links.ts';
import { place } from './page.ts';
import { loadedElsewhere, starlarkProblems } from './starlark_blocks.ts';

const isFile = (path: string) => existsSync(path) && statSync(path).isFile();

/** Commands and options that there are not. */
export function problemsOfCommands(checkout: Checkout, known: KnownCommands): readonly string[] {
  return commandsIn(checkout).flatMap((command) => commandProblems(command, known));
}

/** Starlark with rules or attributes that there are not. */
export function problemsOfStarlark(checkout: Checkout): readonly string[] {
  const blocks = blocksOf(checkout).filter(({ kind }) => kind === 'starlark');
  const exists = (path: string) => isFile(join(checkout.root, path)) || path.startsWith('services/x');
  return blocks.flatMap(({ block }) => {
    const ofPage = blocks.filter((one) => one.block.path === block.path);
    const elsewhere = ofPage.flatMap((one) => loadedElsewhere(starlarkIn(one.block.text) ?? []));
    return starlarkProblems(block, new Set(elsewhere), { rules: checkout.rules, exists });
  });
}

/** JSON, YAML, TypeScript and Jsonnet that is none. */
export async function problemsOfData(checkout: Checkout, jsonnetfmt: string): Promise<readonly string[]> {
  const imported = (path: string) => {
    const file = posix.join('services/x', path);
    return isFile(join(checkout.root, file)) ? readFileSync(join(checkout.root, file), 'utf8') : undefined;
  };
  const problems = blocksOf(checkout).map(async ({ kind, block }) => {
    if (kind === 'json') return jsonProblems(block);
    if (kind === 'yaml') return yamlProblems(block);
    if (kind === 'jsonnet') return jsonnetProblems(block, jsonnetfmt);
    return kind === 'typescript' ? typescriptProblems(block, imported) : [];
  });
  return (await Promise.all(problems)).flat();
}

/** Links that lead nowhere. */
export function problemsOfLinks({ root, pages }: Checkout): readonly string[] {
  const exists = (path: string) => existsSync(join(root, path));
  return [...pages.values()].flatMap((page) => linkProblems(page, { exists, pages }));
}

/** Names of variables and codes of errors that nothing in the code has. */
export function problemsOfNames(checkout: Checkout): readonly string[] {
  const sources = execFileSync('git', ['grep', '-hoE', '[A-Z][A-Z0-9]*(_[A-Z0-9]+)+', '--', ':!docs', ':!*.md'], {
    cwd: checkout.root,
    encoding: 'utf8',
    maxBuffer: 256 << 20,
    timeout: 60_000,
  });
  const known = new Set(sources.split('\n'));
  const assigned = commandsIn(checkout).flatMap(({ block, variables }) =>
    variables.map((name) => ({ name, at: block })),
  );
  const named = [...checkout.pages.values()].flatMap((page) =>
    [...page.blocks, ...page.spans].flatMap((at) =>
      [...at.text.matchAll(/\bFATHOM_[A-Z_]*[A-Z]\b|(?<=^(?:error|ERROR): )[A-Z_]+/g)].map(([name]) => ({ name, at })),
    ),
  );
  return [...assigned, ...named]
    .filter(({ name }) => !known.has(name))
    .map(({ name, at }) => `${place(at)}: nothing in the code is called ${name}`);
}
