// prod/services.bzl: reads the list SERVICES, and puts a label into it without touching anything else of the file.
import { ToolError } from '../lib/errors.ts';
import { aboveComments, insert, lineOf, tokensOf } from './starlark_text.ts';

/** Where the list is, and where it is looked for. */
export const SERVICES_LIST = 'prod/services.bzl';

/** A label of the list, and where it stands in the file. */
interface Entry {
  readonly label: string;
  readonly start: number;
  readonly end: number;
}

interface List {
  readonly entries: readonly Entry[];
  /** Where its `]` is. */
  readonly end: number;
}

/** The labels of the list, in its order. Throws NEW_SERVICES_LIST where the file has not the form that can be edited. */
export function listedServices(text: string): readonly string[] {
  return readList(text).entries.map(({ label }) => label);
}

/** The file with `label` in its list: before the first label that is greater. Throws NEW_SERVICES_LIST. */
export function withService(text: string, label: string): string {
  const { entries, end } = readList(text);
  const quoted = JSON.stringify(label);
  const next = entries.find((entry) => entry.label > label);
  if (next !== undefined) {
    const line = lineOf(text, next.start);
    const isFirst = text.slice(line, next.start).trim() === '';
    return isFirst ? insertRow(text, aboveComments(text, line), quoted) : insert(text, next.start, `${quoted}, `);
  }
  const last = entries.at(-1);
  const hasComma = last === undefined || followerOf(text, last) === ',';
  if (text.slice(lineOf(text, end), end).trim() !== '') return insert(text, end, `${hasComma ? '' : ', '}${quoted}`);
  const longer = insertRow(text, lineOf(text, end), quoted);
  return last === undefined || hasComma ? longer : insert(longer, last.end, ',');
}

/** Puts a line of the list at the beginning of another one. */
function insertRow(text: string, at: number, quoted: string): string {
  const newline = text.includes('\r\n') ? '\r\n' : '\n';
  return insert(text, at, `    ${quoted},${newline}`);
}

/** What comes after an entry, comments left out: a comma, or the end of the list. */
function followerOf(text: string, entry: Entry): string | undefined {
  return tokensOf(text).find(({ kind, start }) => start >= entry.end && kind !== 'newline' && kind !== 'comment')?.text;
}

function readList(text: string): List {
  const tokens = tokensOf(text).filter(({ kind }) => kind !== 'comment' && kind !== 'newline');
  const names = tokens.filter(({ kind, text: word }) => kind === 'word' && word === 'SERVICES');
  const at = tokens.findIndex((token) => token === names[0]);
  const [, equals, open] = tokens.slice(at);
  if (names.length !== 1 || equals?.text !== '=' || open?.text !== '[') {
    throw notEditable(names.length === 0 ? 'it has no SERVICES' : 'SERVICES is not one list');
  }
  const entries: Entry[] = [];
  let expects: 'label' | 'comma' = 'label';
  for (const token of tokens.slice(at + 3)) {
    if (token.text === ']') {
      const after = tokens[tokens.indexOf(token) + 1];
      // What goes on in the same line, such as `+ OTHERS`, goes on with the list.
      if (after !== undefined && !text.slice(token.start, after.start).includes('\n')) break;
      return { entries, end: token.start };
    }
    if (expects === 'label') {
      const label = /^"([^"\\]*)"$|^'([^'\\]*)'$/.exec(token.text);
      if (label === null) break;
      entries.push({ label: label[1] ?? label[2] ?? '', start: token.start, end: token.start + token.text.length });
    } else if (token.text !== ',') break;
    expects = expects === 'label' ? 'comma' : 'label';
  }
  throw notEditable('SERVICES is more than a list of labels in quotes');
}

function notEditable(problem: string): ToolError {
  return new ToolError('NEW_SERVICES_LIST', `Reading ${SERVICES_LIST}: ${problem}`, {
    hint: `Write it as SERVICES = ["//services/a", "//services/b"]; each label in quotes, nothing computed.`,
  });
}
