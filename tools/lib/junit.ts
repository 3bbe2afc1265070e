// Results of tests as JUnit XML, the form that Bazel and CI systems read.

/** One case. */
export interface JunitCase {
  readonly name: string;
  readonly seconds: number;
  readonly outcome: 'passed' | 'failed' | 'skipped';
  /** What it printed. Default: nothing. */
  readonly output?: string;
}

/** XML 1.0 has no way to write most control characters. */
function escape(text: string): string {
  return text
    .replaceAll(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, '\ufffd')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('"', '&quot;')
    .replaceAll('>', '&gt;');
}

/** The document of one suite. */
export function junitXml(suite: string, cases: readonly JunitCase[]): string {
  const count = (outcome: JunitCase['outcome']) => cases.filter((one) => one.outcome === outcome).length;
  const elements = cases.map(({ name, seconds, outcome, output = '' }) => {
    const inner = {
      passed: '',
      failed: `<failure message="failed">${escape(output)}</failure>`,
      skipped: '<skipped/>',
    }[outcome];
    return `  <testcase name="${escape(name)}" classname="${escape(suite)}" time="${seconds}">${inner}</testcase>\n`;
  });
  return `<?xml version="1.0" encoding="UTF-8"?>
<testsuite name="${escape(suite)}" tests="${cases.length}" failures="${count('failed')}" skipped="${count('skipped')}">
${elements.join('')}</testsuite>
`;
}
