import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { difference, outcomeText } from './compare.ts';
import { parseStatus, stamp } from './request.ts';

const EXPECTED = {
  error: 0,
  regex: false,
  messageOnly: false,
  canonicalizeGolden: true,
  outputFileContents: true,
  yamlStream: false,
};
const ok = (text: string) => ({ exitCode: 0, message: '', files: { '': text } });
const FAILED = { exitCode: 1, message: 'RUNTIME ERROR: web: must provide image', files: {} };

describe('stamp', () => {
  const status = parseStatus('BUILD_USER ada\nSTABLE_COMMIT abc def\n\nEMPTY\n');
  test('replaces keys that the status has, and leaves other braces', () =>
    assert.equal(
      stamp('{BUILD_USER}@{STABLE_COMMIT}{EMPTY} {UNKNOWN} {"a":{}}', status),
      'ada@abc def {UNKNOWN} {"a":{}}',
    ));
});

describe('difference', () => {
  const rows = [
    { name: 'accepts equal text', golden: '{"a":1}', outcome: ok('{\n   "a": 1\n}\n'), found: undefined },
    {
      name: 'ignores the order of keys in JSON',
      golden: '{"b":[2,1],"a":1}',
      outcome: ok('{"a":1,"b":[2,1]}'),
      found: undefined,
    },
    { name: 'shows a value that differs', golden: '{"a":1}', outcome: ok('{"a":2}'), found: /\+ {3}"a": 2/ },
    {
      name: 'fails when the program fails',
      golden: '{}',
      outcome: FAILED,
      found: /expected exit code 0, but exit code 1: .*must provide image/,
    },
    { name: 'accepts any output without a golden file', golden: undefined, outcome: ok('1'), found: undefined },
  ];
  for (const { name, golden, outcome, found } of rows) {
    test(name, () => {
      const actual = difference(EXPECTED, outcome, golden);
      if (found === undefined) assert.equal(actual, undefined);
      else assert.match(actual ?? '', found);
    });
  }
  test('keeps the format where it counts', () =>
    assert.match(difference({ ...EXPECTED, canonicalizeGolden: false }, ok('{"a":1}'), '{"a": 1}') ?? '', /golden/));
  test('compares the message of an expected failure', () => {
    const expected = { ...EXPECTED, error: 1 };
    assert.equal(difference(expected, FAILED, 'RUNTIME ERROR: web: must provide image\n'), undefined);
    assert.match(difference(expected, FAILED, 'another') ?? '', /-another/);
    assert.match(difference(expected, ok('{}'), 'another') ?? '', /but it succeeded/);
  });
  test('matches a regular expression', () => {
    const expected = { ...EXPECTED, error: 1, regex: true };
    assert.equal(difference(expected, FAILED, 'must provide (image|name)\n'), undefined);
    assert.match(difference(expected, FAILED, '^must') ?? '', /does not match/);
  });
});

describe('outcomeText', () => {
  test('leaves out where a failure is, where only its message counts', () => {
    const failed = {
      exitCode: 1,
      message: 'RUNTIME ERROR: web: no\n  but yes\n\tweb.jsonnet:1:2\n\tDuring evaluation',
      files: {},
    };
    const expected = { ...EXPECTED, error: 1, messageOnly: true };
    assert.equal(outcomeText(expected, failed), 'RUNTIME ERROR: web: no\n  but yes\n');
    assert.equal(outcomeText({ ...expected, messageOnly: false }, failed), `${failed.message}\n`);
  });
  const outcome = { exitCode: 0, message: '', files: { 'a.json': '1\n', 'b.json': '2\n' } };
  test('names each of several files', () =>
    assert.equal(outcomeText(EXPECTED, outcome), '// a.json\n1\n// b.json\n2\n'));
  test('leaves out their contents where those do not count', () =>
    assert.equal(outcomeText({ ...EXPECTED, outputFileContents: false }, outcome), 'a.json\nb.json\n'));
});
