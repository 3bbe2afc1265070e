// Whether the outcome of an evaluation is what a test expects.
import { createTwoFilesPatch } from 'diff';
import type { Outcome } from './request.ts';

/** What jsonnet_to_json_test expects. */
export interface Expectation {
  /** The exit code. */
  readonly error: number;
  /** Whether the golden text is a regular expression. */
  readonly regex: boolean;
  /** Whether the golden text of a failure has no trace, which moves with every edit of the sources. */
  readonly messageOnly: boolean;
  /** Whether the golden text is JSON in any format. */
  readonly canonicalizeGolden: boolean;
  /** Of several outputs: whether contents count, or only names. */
  readonly outputFileContents: boolean;
  readonly yamlStream: boolean;
}

function isMultiple(outcome: Outcome): boolean {
  return !('' in outcome.files);
}

/** The text that a golden file holds for this outcome. */
export function outcomeText(expected: Expectation, outcome: Outcome): string {
  if (outcome.exitCode !== 0) {
    const lines = outcome.message.split('\n');
    return `${(expected.messageOnly ? lines.filter((line) => !line.startsWith('\t')) : lines).join('\n')}\n`;
  }
  if (!isMultiple(outcome)) return outcome.files[''] ?? '';
  const names = Object.keys(outcome.files);
  if (!expected.outputFileContents) return names.map((name) => `${name}\n`).join('');
  return names.map((name) => `// ${name}\n${outcome.files[name] ?? ''}`).join('');
}

/** JSON with keys sorted and Jsonnet's indentation; `text` itself where it is no JSON. */
function canonical(text: string): string {
  const sorted = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(sorted);
    if (typeof value !== 'object' || value === null) return value;
    const fields = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
    return Object.fromEntries(fields.map(([key, field]) => [key, sorted(field)]));
  };
  try {
    return `${JSON.stringify(sorted(JSON.parse(text)), null, 3)}\n`;
  } catch {
    return text;
  }
}

/** Why the outcome is not what was expected, or undefined where it is. `golden` undefined: only the exit code counts. */
export function difference(expected: Expectation, outcome: Outcome, golden: string | undefined): string | undefined {
  if (outcome.exitCode !== expected.error) {
    const end = outcome.exitCode === 0 ? 'it succeeded' : `exit code ${outcome.exitCode}: ${outcome.message}`;
    return `expected exit code ${expected.error}, but ${end}`;
  }
  if (golden === undefined) return undefined;
  const actual = outcomeText(expected, outcome);
  if (expected.regex) {
    return new RegExp(golden.trimEnd()).test(actual)
      ? undefined
      : `${JSON.stringify(golden)} does not match\n${actual}`;
  }
  const isJson = expected.canonicalizeGolden && outcome.exitCode === 0 && !isMultiple(outcome) && !expected.yamlStream;
  const [want, got] = isJson ? [canonical(golden), canonical(actual)] : [golden.trimEnd(), actual.trimEnd()];
  return want === got ? undefined : createTwoFilesPatch('golden', 'rendered', want, got);
}
