// All linters over the whole checkout.
import { copyFile, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { sourceFiles } from '../format/checkout.ts';
import type { Finding } from './finding.ts';
import { jsonnetLint } from './jsonnet.ts';
import { longFiles, type LongFile } from './sizes.ts';
import { buildifier } from './starlark.ts';
import { copiedFiles, makeTree } from './tree.ts';
import { oxlint, tsc } from './typescript.ts';

/** What was looked at, and what was found. */
export interface LintResult {
  readonly files: readonly string[];
  /** In the order of paths and lines. */
  readonly findings: readonly Finding[];
  /** What is only told. */
  readonly long: readonly LongFile[];
}

/** Lints a checkout; with `fix`, linters first mend what they can do safely. */
export async function lint(workspace: string, { fix }: { readonly fix: boolean }): Promise<LintResult> {
  const files = sourceFiles(workspace);
  const copied = copiedFiles(files);
  const tree = await makeTree(workspace, files);
  try {
    const found = [
      ...(await oxlint(tree, { fix })),
      ...(await tsc(tree, copied)),
      ...(await buildifier(workspace, files, { fix })),
      ...(await jsonnetLint(workspace, files)),
    ];
    if (fix) await takeBack(tree, workspace, copied);
    return {
      files,
      findings: found.sort((a, b) => (a.path === b.path ? a.line - b.line : a.path < b.path ? -1 : 1)),
      long: await longFiles(workspace, files),
    };
  } finally {
    await rm(tree, { recursive: true, force: true });
  }
}

/** What was mended in the copy goes to the checkout. */
async function takeBack(tree: string, workspace: string, files: readonly string[]): Promise<void> {
  for (const path of files.filter((name) => /\.tsx?$/.test(name))) {
    const [mended, own] = await Promise.all([tree, workspace].map((root) => readFile(join(root, path))));
    if (mended !== undefined && own !== undefined && !mended.equals(own))
      await copyFile(join(tree, path), join(workspace, path));
  }
}
