// The pages of a checkout, and the code in them.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RulesModel } from '../rules/model.ts';
import { type Command, commandsOf } from './commands.ts';
import { type Kind, kindsOf } from './kinds.ts';
import { type Block, type Page, parsePage } from './page.ts';
import { shownIn } from './session.ts';

/** The checkout, as pages are checked by it. */
export interface Checkout {
  readonly root: string;
  readonly rules: RulesModel;
  readonly pages: ReadonlyMap<string, Page>;
}

/** README.md, those of tools/ and of the examples, and all of docs/. */
export const readCheckout = (root: string, rules: RulesModel): Checkout => ({
  root,
  rules,
  pages: new Map([...readPages(root), ...readExamples(root)]),
});

/** The READMEs of the examples, whose commands are of other workspaces. */
function readExamples(root: string): ReadonlyMap<string, Page> {
  const paths = readdirSync(join(root, 'examples'))
    .toSorted()
    .map((name) => `examples/${name}/README.md`)
    .filter((path) => existsSync(join(root, path)));
  return parsePages(root, paths);
}

/** The pages of a checkout by path. */
export function readPages(root: string): ReadonlyMap<string, Page> {
  const docs = ['docs', 'docs/guides'].flatMap((folder) =>
    readdirSync(join(root, folder))
      .filter((name) => name.endsWith('.md'))
      .toSorted()
      .map((name) => `${folder}/${name}`),
  );
  return parsePages(root, ['README.md', 'tools/README.md', ...docs]);
}

function parsePages(root: string, paths: readonly string[]): ReadonlyMap<string, Page> {
  return new Map(paths.map((path) => [path, parsePage(path, readFileSync(join(root, path), 'utf8'))]));
}

/** The code of all pages by kind. Throws DOCS_UNKNOWN_BLOCK. */
export const blocksOf = ({ pages }: Checkout): readonly { readonly kind: Kind; readonly block: Block }[] =>
  [...pages.values()].flatMap(({ blocks }) => blocks.flatMap(kindsOf));

/** Commands in blocks, and those within a line. */
export function commandsIn(checkout: Checkout): readonly Command[] {
  const blocks = blocksOf(checkout).flatMap(({ kind, block }) => {
    if (kind === 'session') return shownIn(block).map((shown) => shown.block);
    return kind === 'commands' ? [block] : [];
  });
  const spans = [...checkout.pages.values()].flatMap((page) =>
    page.spans.filter((span) => /^(bazel|\.\/fathom) (?!.*[<…])/.test(span.text)),
  );
  return [...blocks, ...spans].flatMap(commandsOf);
}
