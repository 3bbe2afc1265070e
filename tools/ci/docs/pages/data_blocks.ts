// Blocks of other languages: each must be something that its own parser takes.
import { execFileSync } from 'node:child_process';
import { format } from 'prettier';
import { parseAllDocuments } from 'yaml';
import { paragraphsOf } from './kinds.ts';
import { type Block, place } from './page.ts';

/** What is wrong with a block of JSON. */
export function jsonProblems(block: Block): readonly string[] {
  try {
    JSON.parse(block.text);
    return [];
  } catch (error) {
    return [`${place(block)}: ${String(error)}`];
  }
}

/** What is wrong with a block of YAML. */
export function yamlProblems(block: Block): readonly string[] {
  return [parseAllDocuments(block.text)]
    .flat()
    .flatMap((document) => ('errors' in document ? document.errors : []))
    .map(({ message }) => `${place(block)}: ${message.split('\n')[0]}`);
}

/** What is wrong with a block of TypeScript: its syntax, and names that its imports have not. */
export async function typescriptProblems(
  block: Block,
  /** The text of a file that a block imports, as from a folder of services/; undefined: there is none. */
  imported: (path: string) => string | undefined,
): Promise<readonly string[]> {
  try {
    await format(block.text, { parser: 'typescript' });
  } catch (error) {
    return [`${place(block)}: ${String(error).split('\n')[0]}`];
  }
  return [...block.text.matchAll(/^import \{([^}]*)\} from '(\.[^']*)';/gm)].flatMap(([, names = '', path = '']) => {
    const text = imported(path);
    // Code that is generated is in no checkout.
    if (text === undefined) return path.includes('/proto/') ? [] : [`${place(block)}: there is no ${path}`];
    return names
      .split(',')
      .map((name) => name.trim())
      .filter((name) => !new RegExp(`\\b${name}\\b`).test(text))
      .map((name) => `${place(block)}: ${path} exports no ${name}`);
  });
}

/** What is wrong with a block of Jsonnet: a whole file, locals, fields of an object, or an expression a line. */
export function jsonnetProblems(block: Block, jsonnetfmt: string): readonly string[] {
  const problem = (text: string): string | undefined => {
    try {
      execFileSync(jsonnetfmt, ['-'], {
        input: text,
        encoding: 'utf8',
        timeout: 60_000,
        stdio: ['pipe', 'pipe', 'pipe'],
      });
      return undefined;
    } catch (error) {
      return error instanceof Error && 'stderr' in error ? String(error.stderr).trim() : String(error);
    }
  };
  const holds = (text: string) =>
    [text, `${text}\n{}`, `{\n${text}\n}`].some((variant) => problem(variant.replaceAll('…, ', '')) === undefined);
  const parts = [[block], paragraphsOf(block), block.text.split('\n').map((text) => ({ ...block, text }))];
  if (parts.some((some) => some.every(({ text }) => holds(text)))) return [];
  return [`${place(block)}: this is no Jsonnet: ${problem(block.text.replaceAll('…, ', '')) ?? ''}`];
}
