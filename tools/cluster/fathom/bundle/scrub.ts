// Takes out of a text what may be a credential, by more than an error message has to: a bundle goes to other people.
// What it takes out too much costs a question; what it leaves in can't be taken back.
import { hideValue, redact } from '../../../lib/redact.ts';

const PRIVATE_KEY = /-----BEGIN ([A-Z ]*)PRIVATE KEY-----[^]*?-----END \1PRIVATE KEY-----/g;
// A log that is being written may end in the middle of a key.
const KEY_WITHOUT_END =
  /-----BEGIN [A-Z ]*PRIVATE KEY-----(?:(?:\s|\\n)*[A-Za-z0-9+/=]{16,})*(?:(?:\s|\\n)*[A-Za-z0-9+/=]+)?/g;
// base64 of `-----BEGIN`: certificates and keys in kubeconfigs.
const ENCODED_PEM = /LS0tLS1CRUdJT[A-Za-z0-9+/_=-]+/g;
const JSON_WEB_TOKEN = /\beyJ[A-Za-z0-9_-]{6,}\.[A-Za-z0-9_-]{4,}(?:\.[A-Za-z0-9_-]*)?/g;
const KNOWN_TOKENS =
  /\b(?:AGE-SECRET-KEY-1[0-9A-Z]{10,}|gh[opsru]_[A-Za-z0-9]{20,}|github_pat_\w{20,}|glpat-[\w-]{16,}|xox[abprs]-[\w-]{10,}|npm_[A-Za-z0-9]{30,}|(?:AKIA|ASIA)[0-9A-Z]{16})\b/g;

const SECRET_NAME =
  '(?:passw(?:or)?d|passphrase|requirepass|masterauth|secret|token|credential|client-key-data|(?<=[_-])pwd|' +
  '(?:api|access|private|encryption|signing|session|master|auth)[-_]?key)[\\w.-]{0,40}';
const VALUE = String.raw`<[^>\n]*>|\\?"(?:[^"\\]|\\[^"])*\\?"|'[^']*'|[^\s"',;)\]}]+`;
/** `password=x`, `"token": "x"`, `--api-key x`, `requirepass x`: the name and what follows it, then the value. */
const ASSIGNED = new RegExp(
  [
    String.raw`(--[\w.-]{0,40}${SECRET_NAME}\s+)(${VALUE})`,
    String.raw`(${SECRET_NAME}\\?["']?\s*[=:]\s*)(${VALUE})`,
    String.raw`(\b(?:requirepass|masterauth)\s+)(${VALUE})`,
  ].join('|'),
  'gi',
);
/** What is no secret, though it is called so. */
const HARMLESS_NAME = /(?:names?|files?|path|dir|ref|type|ttl|seconds|count)\\?["']?\s*[=:\s]\s*$/i;
const HARMLESS_VALUE = /^\\?["']?(?:true|false|null|none|undefined|<[^>]*>|\*+|\d{1,5}|)\\?["']?$/i;

/** `text` without what may be a credential. */
export function scrub(text: string): string {
  // Keys first: what is hidden of one by its value would hide that another one is such.
  return redact(withoutKeyEnds(text.replaceAll(PRIVATE_KEY, KEY).replaceAll(KEY_WITHOUT_END, KEY)))
    .replaceAll(ENCODED_PEM, '***')
    .replaceAll(JSON_WEB_TOKEN, '***')
    .replaceAll(KNOWN_TOKENS, '***')
    .replaceAll(ASSIGNED, (match, ...groups: readonly (string | undefined)[]) => {
      const [name = '', value = ''] = groups.slice(0, 6).filter((group) => group !== undefined);
      return HARMLESS_NAME.test(name) || HARMLESS_VALUE.test(value) ? match : `${name}***`;
    });
}

const KEY = '*** private key ***';
const KEY_END = /-----END [A-Z ]*PRIVATE KEY-----/g;

/** A log's tail may begin in the middle of a key. By hand: an expression for this takes the square of a text's length. */
function withoutKeyEnds(text: string): string {
  let [left, done] = ['', 0];
  for (const { 0: end, index } of text.matchAll(KEY_END)) {
    left += `${text.slice(done, keyStart(text, index, done))}${KEY}`;
    done = index + end.length;
  }
  return left + text.slice(done);
}

const MIN_KEY_LINE = 16;

/** Where the lines begin that may be a key's and end at `end`. The last of them may be short. */
function keyStart(text: string, end: number, from: number): number {
  let [start, isLast] = [end, true];
  for (;;) {
    let lineEnd = start;
    while (lineEnd > from && isBreak(text, lineEnd)) lineEnd -= text[lineEnd - 1] === 'n' ? 2 : 1;
    let line = lineEnd;
    while (line > from && !isBreak(text, line) && /[A-Za-z0-9+/=]/.test(text[line - 1] ?? '')) line--;
    if (lineEnd - line < (isLast ? 1 : MIN_KEY_LINE)) return start;
    [start, isLast] = [line, false];
  }
}

/** Whether a line's end is before this place, also the two letters that are one in JSON. */
function isBreak(text: string, at: number): boolean {
  return /\s/.test(text[at - 1] ?? '') || (text[at - 1] === 'n' && text[at - 2] === '\\');
}

const SECRET_VARIABLE = /TOKEN|PASS|SECRET|CREDENTIAL|_KEY$|^KEY_|AUTH/i;

/** Hides from now on what this process's own environment keeps secret. */
export function hideEnvironment(env: Readonly<Record<string, string | undefined>>): void {
  for (const [name, value] of Object.entries(env)) if (value && SECRET_VARIABLE.test(name)) hideValue(value);
}

/** What `kubectl describe` prints, without the values of environment variables: their names stay. */
export function withoutEnvironment(text: string): string {
  let indent: number | undefined;
  return text
    .split('\n')
    .map((line) => {
      const own = line.length - line.trimStart().length;
      if (/^\s*Environment( Variables from)?:/.test(line)) {
        indent = own;
        return line;
      }
      if (indent === undefined || line.trim() === '') return line;
      if (own <= indent) {
        indent = undefined;
        return line;
      }
      // A value of several lines goes on in the first column or deeper: nothing of it is a name.
      const named = /^(\s+[A-Za-z_][\w.-]*:)(\s+)(.*)$/.exec(line);
      if (named === null) return `${' '.repeat(own)}***`;
      const [, name = '', space = '', value = ''] = named;
      return /^<.*>(\s+Optional: \w+)?$/.test(value) ? line : `${name}${space}***`;
    })
    .join('\n');
}
