// Edits of Starlark that leave all else in a file as it is.

/** What a token is. */
export type TokenKind = 'comment' | 'newline' | 'string' | 'word' | 'sign';

/** A word, string, sign, comment or line end of a file. */
export interface Token {
  readonly kind: TokenKind;
  readonly text: string;
  readonly start: number;
}

// Starlark's tokens, as far as a list of strings needs them; a string comes before what its content may look like.
const TOKEN =
  /(?<comment>#[^\r\n]*)|(?<newline>\r?\n)|(?<string>[rb]{0,2}(?:"""(?:[^\\]|\\[^])*?"""|'''(?:[^\\]|\\[^])*?'''|"(?:[^"\\\r\n]|\\[^])*"|'(?:[^'\\\r\n]|\\[^])*'))|(?<word>[\w.]+)|(?<sign>[^\s\w])/g;

/** The tokens of a file, in their order. */
export function tokensOf(text: string): readonly Token[] {
  return [...text.matchAll(TOKEN)].map(({ groups = {}, index, 0: match }) => {
    const [kind] = Object.entries(groups).find(([, value]) => value !== undefined) ?? ['sign'];
    return { kind: kind as TokenKind, text: match, start: index };
  });
}

/** `text` with `part` at a place. */
export function insert(text: string, at: number, part: string): string {
  return text.slice(0, at) + part + text.slice(at);
}

/** Where the line of `at` begins. */
export function lineOf(text: string, at: number): number {
  return text.lastIndexOf('\n', at - 1) + 1;
}

/** Where the comments begin that stand right above `line` and so belong to it. */
export function aboveComments(text: string, line: number): number {
  let start = line;
  while (start > 0) {
    const above = lineOf(text, start - 1);
    if (!/^\s*#/.test(text.slice(above, start))) break;
    start = above;
  }
  return start;
}
