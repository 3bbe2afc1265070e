// The users of a store: `users.bzl` beside its BUILD file, a dict of the services that call it to their commands.
import { ToolError } from '../lib/errors.ts';
import { aboveComments, insert, lineOf, type Token, tokensOf } from './starlark_text.ts';

/** The name of the file, in the package of the store. */
export const USERS_FILE = 'users.bzl';

/** The file with an entry for `user`: before the first key that is greater. Throws NEW_STORE_USERS. */
export function withUser(
  text: string,
  user: string,
  options: { readonly path: string; readonly commands: readonly string[] },
): string {
  const { path, commands } = options;
  const { keys, end } = readKeys(text, path);
  if (keys.some(({ key }) => key === user)) throw unusable(path, `USERS has '${user}' already`);
  const row = `    ${JSON.stringify(user)}: ${JSON.stringify(commands)},\n`;
  const next = keys.find(({ key }) => key > user);
  const before = next === undefined ? end : next.start;
  const line = lineOf(text, before);
  if (text.slice(line, before).trim() !== '') throw unusable(path, 'each entry and the last brace must begin a line');
  return insert(text, next === undefined ? line : aboveComments(text, line), row);
}

interface Keys {
  readonly keys: readonly { readonly key: string; readonly start: number }[];
  /** Where the last brace is. */
  readonly end: number;
}

function readKeys(text: string, path: string): Keys {
  const tokens = tokensOf(text).filter(({ kind }) => kind !== 'comment' && kind !== 'newline');
  const at = tokens.findIndex((token, index) => token.text === 'USERS' && tokens[index + 2]?.text === '{');
  if (at < 0 || tokens[at + 1]?.text !== '=') throw unusable(path, 'it has no dict USERS');
  const keys: { key: string; start: number }[] = [];
  let depth = 1;
  let previous: Token | undefined;
  for (const token of tokens.slice(at + 3)) {
    if (/^[[({]$/.test(token.text)) depth += 1;
    if (/^[\])}]$/.test(token.text)) depth -= 1;
    if (depth === 0) return { keys, end: token.start };
    const key = /^"([^"\\]*)"$/.exec(token.text)?.[1];
    if (depth === 1 && key !== undefined && (previous === undefined || previous.text === ',')) {
      keys.push({ key, start: token.start });
    }
    previous = token;
  }
  throw unusable(path, 'the dict USERS has no end');
}

function unusable(path: string, problem: string): ToolError {
  return new ToolError('NEW_STORE_USERS', `Reading ${path}: ${problem}`, {
    hint: 'Write it as USERS = {"a": ["get", "set"]}, an entry a line; or leave the store out of --deps, and wire it by hand.',
  });
}
