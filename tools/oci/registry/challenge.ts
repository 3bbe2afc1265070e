// The WWW-Authenticate header: what a registry wants to see before it does something.
// Grammar: RFC 9110, 11.6.1; https://distribution.github.io/distribution/spec/auth/token/

/** One challenge: `Bearer realm="…",service="…"`. */
export interface Challenge {
  /** Lower case. */
  readonly scheme: string;
  /** Names in lower case. */
  readonly parameters: Readonly<Record<string, string>>;
}

const TOKEN = /[!#$%&'*+.^_`|~0-9A-Za-z-]+/y;
const QUOTED = /"((?:[^"\\]|\\.)*)"/y;
const SPACE = /[ \t]*/y;
/** What a scheme may carry instead of parameters: base64, padded. */
const TOKEN68 = /[A-Za-z0-9._~+/-]+=*(?=[ \t]*(?:,|$))/y;

/** The challenges of a header; what is not well-formed ends the list. */
export function parseChallenges(header: string): Challenge[] {
  const challenges: { scheme: string; parameters: Record<string, string> }[] = [];
  let at = 0;
  const take = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = at;
    const match = pattern.exec(header);
    if (match !== null) at = pattern.lastIndex;
    return match;
  };
  while (at < header.length) {
    take(SPACE);
    if (header[at] === ',') {
      at += 1;
      continue;
    }
    const name = take(TOKEN)?.[0];
    if (name === undefined) break;
    const afterName = at;
    take(SPACE);
    const current = challenges.at(-1);
    if (header[at] === '=' && current !== undefined) {
      at += 1;
      take(SPACE);
      const quoted = take(QUOTED);
      const value = quoted === null ? take(TOKEN)?.[0] : quoted[1]?.replaceAll(/\\(.)/g, '$1');
      if (value === undefined) break;
      current.parameters[name.toLowerCase()] = value;
    } else {
      at = afterName;
      challenges.push({ scheme: name.toLowerCase(), parameters: {} });
      take(SPACE);
      take(TOKEN68);
    }
  }
  return challenges;
}
