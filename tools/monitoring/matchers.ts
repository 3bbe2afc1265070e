// What a matcher of PromQL chooses, by JavaScript's regular expressions: whether Prometheus takes one is for promtool to say.

/** `grpc_code="OK"` */
export interface Matcher {
  readonly label: string;
  readonly operator: string;
  readonly value: string;
  readonly position: number;
}

/** Whether a matcher chooses a value. */
export type Choice = (value: string) => boolean;

/** A variable of a dashboard, which may be anything. */
const VARIABLE = /\$(?:[A-Za-z_]\w*|\{[A-Za-z_]\w*\})/g;
/** What RE2 reads otherwise than JavaScript does, which would not say so. */
const OTHERWISE = /\\[AzQECpPa]|\\x\{|\[:\^?\w+:\]/;

/** What a matcher chooses; undefined where that can't be told. */
export function choiceOf({ operator, value }: Matcher): Choice | undefined {
  const isNegative = operator.startsWith('!');
  const isRegex = operator.endsWith('~');
  const open = value.replaceAll(VARIABLE, '.*');
  if (open !== value && (isNegative || !isRegex)) return () => true;
  const matches = isRegex ? regexChoice(open) : (text: string) => text === value;
  if (matches === undefined) return undefined;
  return isNegative ? (text) => !matches(text) : matches;
}

/** Prometheus' regular expressions are about the whole value, line breaks included. */
function regexChoice(value: string): Choice | undefined {
  const [, flags = '', rest = ''] = /^(?:\(\?([ims]+)\))?(.*)$/s.exec(value) ?? [];
  if (OTHERWISE.test(rest)) return undefined;
  try {
    const regex = new RegExp(`^(?:${rest.replaceAll('(?P<', '(?<')})$`, [...new Set(`${flags}s`)].join(''));
    return (text) => regex.test(text);
  } catch {
    return undefined;
  }
}
