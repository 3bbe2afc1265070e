import assert from 'node:assert/strict';
import { test } from 'node:test';
import { consoleArguments, emptyRun } from './test_results.ts';

const report = (counts: string) => `<?xml version="1.0"?>\n<testsuite name="JUnit Jupiter" ${counts}>\n</testsuite>\n`;

for (const { name, xml, filter = '', says } of [
  {
    name: 'takes a run with a test that passed',
    xml: report('tests="2" skipped="1" failures="0" errors="0"'),
    says: undefined,
  },
  { name: 'refuses a run without a report', xml: undefined, says: /ended before JUnit/ },
  {
    name: 'refuses a run without a test',
    xml: report('tests="0" skipped="0" failures="0" errors="0"'),
    says: /no test is in/,
  },
  {
    name: 'names the filter that matches none',
    xml: report('tests="0" skipped="0"'),
    filter: 'x',
    says: /--test_filter=x/,
  },
  {
    name: 'refuses a run in which all was skipped',
    xml: report('tests="2" skipped="2" failures="0"'),
    says: /skipped/,
  },
  {
    name: 'refuses a failure that has exit code 0',
    xml: report('tests="2" skipped="0" failures="1"'),
    says: /a test failed/,
  },
]) {
  test(name, () => {
    const problem = emptyRun(xml, filter);
    if (says === undefined) assert.equal(problem, undefined);
    else assert.match(problem ?? '', says);
  });
}

test('asks for the methods that the filter names', () => {
  assert.ok(consoleArguments('a.jar', 'reports', 'a|b').includes('--include-methodname=.*(?:a|b).*'));
  assert.ok(!consoleArguments('a.jar', 'reports', '').some((argument) => argument.startsWith('--include-methodname')));
});
