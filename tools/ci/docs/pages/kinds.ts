// What a block of code is. Each one is something that is checked: a block that is nothing known is a mistake.
import { ToolError } from '../../../lib/errors.ts';
import { parseStarlark } from '../starlark/parse.ts';
import type { Statement } from '../starlark/syntax.ts';
import { type Block, place } from './page.ts';
import { isSession } from './session.ts';

export type Kind =
  | 'bazelrc'
  | 'commands'
  | 'drawing'
  | 'jsonnet'
  | 'json'
  | 'message'
  | 'references'
  | 'session'
  | 'starlark'
  | 'typescript'
  | 'yaml';

/** Programs that pages run. */
const COMMAND = /^(?:[A-Z_]+=\S* )*(?:bazel|\.\/fathom|kubectl|docker|k3d|curl|age-keygen|sops|npm|npx|git|sed) /;

const everyLine = (text: string, pattern: RegExp) =>
  text.split('\n').every((line) => line.trim() === '' || pattern.test(line));

const KINDS: readonly (readonly [Kind, (text: string) => boolean])[] = [
  ['session', isSession],
  ['commands', (text) => everyLine(text.replaceAll('\\\n', ''), COMMAND)],
  ['bazelrc', (text) => everyLine(text, /^(build|run|test|common|startup)(:[\w-]+)? --/)],
  ['json', (text) => /^[{[]\n/.test(text) && text.trimEnd().endsWith('}')],
  ['message', (text) => /^(error|ERROR): /.test(text)],
  ['references', (text) => everyLine(text, /^\$\{fathom-secret:/)],
  ['yaml', (text) => text.startsWith('apiVersion: ')],
  ['typescript', (text) => /^(import \{|const \w+ = )/.test(text)],
  ['drawing', (text) => /^[├└]─|^\s*[├└]─/m.test(text) || /^[\w-]+\/\n {2}/.test(text)],
  ['starlark', (text) => starlarkIn(text) !== undefined],
  ['jsonnet', (text) => /^(local |[a-z]\w*: |[a-z]\w*\.\w+\()/.test(text)],
];

/** The kind of a block; a block of several paragraphs may be of several kinds. Throws DOCS_UNKNOWN_BLOCK. */
export function kindsOf(block: Block): readonly { readonly kind: Kind; readonly block: Block }[] {
  // Such as the path of a file.
  const text = block.text.replace(/^(\/\/.*\n)+/, '');
  const kind = KINDS.find(([, is]) => is(text))?.[0];
  if (kind !== undefined) return [{ kind, block }];
  const paragraphs = paragraphsOf(block);
  if (paragraphs.length > 1) return paragraphs.flatMap(kindsOf);
  throw new ToolError('DOCS_UNKNOWN_BLOCK', `Reading ${place(block)}: this code is of no kind that is checked`, {
    hint: 'Write it as code that the page can be checked by, or teach tools/ci/docs/pages/kinds.ts the kind.',
  });
}

/** The parts of a block between empty lines. */
export function paragraphsOf(block: Block): readonly Block[] {
  const parts = block.text.split(/(\n\n+)/);
  let line = block.line;
  return parts.flatMap((text, index) => {
    const part = { ...block, line, text };
    line += text.split('\n').length - 1;
    return index % 2 === 0 && text.trim() !== '' ? [part] : [];
  });
}

/** The statements of a block; undefined: it is no Starlark. `…` stands for what a page leaves out. */
export function starlarkIn(text: string, path = ''): readonly Statement[] | undefined {
  const variants = [text.replaceAll(/^\s*…$/gm, ''), `dict({${text}\n})`];
  for (const variant of /^\s*"/.test(text) ? variants.slice(1) : variants.slice(0, 1)) {
    try {
      const statements = parseStarlark({ path, text: variant });
      const isCode = ({ kind, ...statement }: Statement) =>
        kind === 'load' || kind === 'assign' || kind === 'def' || ('value' in statement && isOwn(statement.value));
      if (statements.some(isCode)) return statements;
    } catch (error) {
      if (!(error instanceof ToolError)) throw error;
    }
  }
  return undefined;
}

/** A call by a plain name, or a list of such calls. */
const isOwn = (value: Extract<Statement, { kind: 'expression' }>['value']): boolean =>
  value.kind === 'call' ? value.callee.kind === 'name' : value.kind === 'comprehension' && isOwn(value.value);
