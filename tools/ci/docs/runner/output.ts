// Whether a command has printed what its page shows.

/** What Bazel says of itself, which no page shows. */
const BAZEL = [
  /^(INFO|DEBUG|WARNING|Loading|Analyzing):/,
  /^(Loading|Analyzing|Checking cached actions|Starting local Bazel server)\b.*(\.\.\.|\d+ packages? loaded)/,
  /^(Starting local Bazel server and connecting to it)/,
  /^\[[\d,]+ \/ [\d,]+\]/,
  /^Target \S+ up-to-date:$|^ {2}bazel-bin\//,
  // What `bazel run` of a test says before it.
  /^exec \$\{PAGER:-|^Executing tests from \/\/|^-{77}$/,
  /^There were tests whose specified size is too big/,
  /^(Extracting Bazel installation|\$TEST_TMPDIR defined)/,
];

/** The lines of an output that are the program's own, without colours and blanks at their ends. */
export function ownLines(output: string): readonly string[] {
  const lines = output
    .replaceAll(/\u001b\[[0-9;]*[A-Za-z]/g, '')
    .split('\n')
    .map((line) => line.replace(/^.*\r(?=.)/, '').trimEnd())
    .filter((line) => !BAZEL.some((pattern) => pattern.test(line)));
  const isText = (line: string) => line !== '';
  return lines.slice(Math.max(lines.findIndex(isText), 0), lines.findLastIndex(isText) + 1);
}

/** Whether a line is as the page has it: `…` stands for any text, and blanks in a row for each other. */
export function lineMatches(shown: string, line: string): boolean {
  const parts = shown
    .trimEnd()
    .split('…')
    .map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`))
    // How far a line is indented counts.
    .map((part, index) => part.replaceAll(index === 0 ? /(?<=\S) +/g : / +/g, ' +'));
  return new RegExp(`^${parts.join('.*')}$`, 'u').test(line);
}

/**
 * The first line of a page that the output has not, in the order of the page; undefined: all is as shown. A line `…` stands
 * for any lines; without one, a page shows all that is printed.
 */
export function missingLine(shown: readonly string[], lines: readonly string[]): string | undefined {
  // Which lines of the output may be next, after those that are shown so far.
  let next = new Set([0]);
  for (const [index, text] of shown.entries()) {
    if (text.trim() === '…') {
      const first = Math.min(...next);
      next = new Set(Array.from({ length: lines.length - first + 1 }, (_, offset) => first + offset));
      continue;
    }
    const after = [...next].filter((at) => at < lines.length && lineMatches(text, lines[at] ?? '')).map((at) => at + 1);
    if (after.length === 0) return shown[index];
    next = new Set(after);
  }
  return next.has(lines.length) ? undefined : '(the end of the output)';
}
