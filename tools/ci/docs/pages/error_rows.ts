// The tables of codes of errors in pages: rows of codes that nothing throws are taken away, and new codes get one.
import type { ThrownError } from './error_sources.ts';

/** A row that pages lack, in the words of the source: a person says it better. */
export interface ErrorRow {
  readonly code: string;
  readonly message: string;
  readonly hint: string;
}

/** A code that a page lists and nothing throws. */
export interface GoneCode {
  readonly path: string;
  readonly code: string;
}

/** What pages have to change. */
export interface ErrorChanges {
  readonly added: readonly ErrorRow[];
  readonly gone: readonly GoneCode[];
}

/** A table headed `code`, with its rows as the third part. */
const TABLE = /^(\| code +\|.*\n)(\| *-.*\n)((?:\|.*\n)+)/gm;

/** The codes in the first cells of tables that are headed `code`. */
export function listedCodes({ text }: { readonly text: string }): readonly string[] {
  return [...text.matchAll(TABLE)].flatMap(([, , , rows = '']) => codesOf(rows));
}

function codesOf(rows: string): readonly string[] {
  return rows
    .split('\n')
    .flatMap((row) => [...(row.split('|')[1] ?? '').matchAll(/`(\w+)`/g)].map(([, code = '']) => code));
}

/** What is between `pages` and the sources: `thrown` has each code once, `quoted` also those that only may be codes. */
export function errorChanges(
  pages: readonly { readonly path: string; readonly text: string }[],
  {
    thrown,
    quoted,
    errors,
  }: {
    readonly thrown: readonly string[];
    readonly quoted: ReadonlySet<string>;
    readonly errors: readonly ThrownError[];
  },
): ErrorChanges {
  const listed = pages.flatMap(({ path, text }) => listedCodes({ text }).map((code) => ({ path, code })));
  const known = new Set(listed.map(({ code }) => code));
  return {
    added: thrown
      .filter((code) => !known.has(code))
      .map((code) => {
        const { message = '', hint = '' } = errors.find(({ codes }) => codes.includes(code)) ?? {};
        return { code, message, hint };
      }),
    gone: listed.filter(({ code }) => !quoted.has(code)),
  };
}

/** A row as it would be written into a table of that many columns: a person looks at it, and says it in plain words. */
export function renderRow({ code, message, hint }: ErrorRow, columns = 3): string {
  const cells = [`\`${code}\``, cell(message), cell(hint.replace(/\.$/, ''))].slice(0, columns);
  return `| ${cells.join(' | ')} |\n`;
}

function cell(text: string): string {
  const line = text.replaceAll(/\s+/g, ' ').replaceAll('|', '\\|').trim();
  return line === '' ? '…' : line;
}

/** A page without the codes that are gone; a row goes with its last one. */
export function withoutCodes(text: string, gone: ReadonlySet<string>): string {
  return text.replaceAll(TABLE, (_table, head: string, line: string, rows: string) => {
    const kept = rows.split(/(?<=\n)/).flatMap((row) => {
      const codes = codesOf(row);
      const left = codes.filter((code) => !gone.has(code));
      if (left.length === codes.length) return [row];
      const cells = row.split('|');
      return left.length === 0
        ? []
        : [[cells[0], left.map((code) => ` \`${code}\``).join(',') + ' ', ...cells.slice(2)].join('|')];
    });
    return head + line + kept.join('');
  });
}

/** A page with rows for new codes, each in the table whose codes begin most like it, below the last that does. */
export function withRows(text: string, added: readonly ErrorRow[]): string {
  return added.reduce((page, row) => {
    const places = [...page.matchAll(TABLE)].map((table) => placeIn(table, row.code));
    const [best] = places.toSorted((a, b) => b.words - a.words || b.share - a.share);
    if (best === undefined || best.words === 0)
      return `${page.trimEnd()}\n\n## Others\n\n| code | what is wrong | what to do |\n| --- | --- | --- |\n${renderRow(row)}`;
    return page.slice(0, best.end) + renderRow(row, best.columns) + page.slice(best.end);
  }, text);
}

/** A place for a row in a table. */
interface Place {
  /** How many words its codes have in common with the new one at their beginning, at most. */
  readonly words: number;
  /** How many of its rows have that many. */
  readonly share: number;
  /** Where the last of them ends in the page. */
  readonly end: number;
  readonly columns: number;
}

function placeIn(table: RegExpExecArray, code: string): Place {
  const [, head = '', line = '', text = ''] = table;
  const rows = text.split(/(?<=\n)/);
  const common = rows.map((row) => Math.max(0, ...codesOf(row).map((other) => wordsInCommon(code, other))));
  const words = Math.max(...common);
  const before = head.length + line.length + rows.slice(0, common.lastIndexOf(words) + 1).join('').length;
  return {
    words,
    share: common.filter((count) => count === words).length / rows.length,
    end: table.index + before,
    columns: head.split('|').length - 2,
  };
}

function wordsInCommon(code: string, other: string): number {
  const words = code.split('_');
  const others = other.split('_');
  const end = words.findIndex((word, index) => word !== others[index]);
  return end < 0 ? words.length : end;
}
