// The values of Starlark's string literals.

const ESCAPES: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', '\n': '' };

/** The value of a literal with its quotes: `"x"`, `'x'`, `"""x"""`, `r"x"`. */
export function stringValue(literal: string): string {
  const [, raw = '', quote = ''] = /^(r?)("""|'''|"|')/.exec(literal) ?? [];
  const text = literal.slice(raw.length + quote.length, -quote.length);
  if (raw !== '') return text;
  return text.replaceAll(/\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|([^]))/g, (all, hex, unicode, letter) => {
    const code: unknown = hex ?? unicode;
    if (typeof code === 'string') return String.fromCodePoint(Number.parseInt(code, 16));
    // As in Bazel, a backslash before another letter stays, but for quotes and itself.
    return ESCAPES[String(letter)] ?? (/["'\\]/.test(String(letter)) ? String(letter) : all);
  });
}
