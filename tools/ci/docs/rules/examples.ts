// Which rules and macros are documented without an example.
import type { PublicSymbol, RulesModel } from './model.ts';

/** What stands for a rule that is not there only fails, and says what to use instead. */
const isCalled = ({ doc, kind }: PublicSymbol) =>
  kind !== 'provider' && kind !== 'constant' && !doc.startsWith('Left out');

/** A block of code, four blanks in, in which the symbol is called, or a tag of an extension. */
const hasExample = ({ doc, kind, name }: PublicSymbol) =>
  new RegExp(`^ {4}${name}${kind === 'module extension' ? '\\.\\w+' : ''}\\(`, 'm').test(doc);

/** The rules and macros without an example, as `@fathom//tools/x:defs.bzl: name`. */
export function withoutExample({ files }: RulesModel): readonly string[] {
  return files.flatMap(({ label, symbols }) =>
    symbols.filter((symbol) => isCalled(symbol) && !hasExample(symbol)).map(({ name }) => `${label}: ${name}`),
  );
}
