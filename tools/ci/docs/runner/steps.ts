// What is done with each block of a page: run, read as what it is, or left alone for a reason.
import { posix } from 'node:path';
import { type Kind, kindsOf } from '../pages/kinds.ts';
import { type Block, type Page } from '../pages/page.ts';
import { type Shown, shownIn } from '../pages/session.ts';
import { EXCEPTIONS, type Exception, type Reason } from './exceptions.ts';

/** One step of a page, in the order of the page. */
export type Step =
  | { readonly kind: 'command'; readonly block: Block; readonly shown: Shown }
  /** A file that the page gives, path and all. */
  | { readonly kind: 'file'; readonly block: Block; readonly path: string }
  /** Code that is evaluated by what its language is for. */
  | { readonly kind: 'code'; readonly block: Block; readonly language: Kind }
  | { readonly kind: 'not run'; readonly block: Block; readonly reason: Reason };

/** The steps of a page. Throws DOCS_UNKNOWN_BLOCK. */
export function stepsOf(page: Page, exceptions: readonly Exception[] = EXCEPTIONS): readonly Step[] {
  return page.blocks.flatMap(kindsOf).flatMap(({ kind, block }): readonly Step[] => {
    const path = filePathOf(block);
    if (path !== undefined) return [{ kind: 'file', block, path }];
    if (kind !== 'commands' && kind !== 'session') {
      const reason = reasonOf(block, exceptions);
      return [reason === undefined ? { kind: 'code', block, language: kind } : { kind: 'not run', block, reason }];
    }
    return shownIn(block).map((shown): Step => {
      const reason = reasonOf(shown.block, exceptions);
      return reason === undefined
        ? { kind: 'command', block: shown.block, shown }
        : { kind: 'not run', block: shown.block, reason };
    });
  });
}

/** Whether a step takes a Bazel: a test does the others. */
export const isForBazel = (step: Step) =>
  step.kind === 'command' || (step.kind === 'code' && ['bazelrc', 'starlark', 'typescript'].includes(step.language));

/** The path in a block's first line, where this is a comment with nothing else: the block is that file. */
export function filePathOf({ text }: Block): string | undefined {
  const path = /^(?:\/\/|#) ([a-z0-9_./-]+\/[A-Za-z0-9_.-]+)\n/.exec(text)?.[1];
  return path === undefined || posix.isAbsolute(path) || path.includes('..') ? undefined : path;
}

function reasonOf(block: Block, exceptions: readonly Exception[]): Reason | undefined {
  return exceptions.find((one) => one.page === block.path && block.text.startsWith(one.code))?.reason;
}

/** Exceptions for code that no page has any more, as lines. */
export function staleExceptions(
  pages: ReadonlyMap<string, Page>,
  exceptions: readonly Exception[] = EXCEPTIONS,
): readonly string[] {
  return exceptions
    .filter(({ page, code }) => {
      const blocks = (pages.get(page)?.blocks ?? []).flatMap(kindsOf);
      const commands = blocks.flatMap(({ kind, block }) =>
        kind === 'commands' || kind === 'session' ? shownIn(block).map((shown) => shown.block) : [block],
      );
      return !commands.some(({ text }) => text.startsWith(code));
    })
    .map(({ page, code }) => `${page} has no code any more that begins with ${JSON.stringify(code)}`);
}
