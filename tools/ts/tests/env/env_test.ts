// What BUILD files write into `env` is what the program finds, wherever it is.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { isAbsolute } from 'node:path';
import { test } from 'node:test';
import { runfile } from '../../../lib/runfiles.ts';

process.chdir(tmpdir());

const value = (name: string): string => process.env[name] ?? assert.fail(`there is no ${name}`);
const words = runfile('fathom/tools/ts/tests/env/words.txt');
const built = runfile('fathom/tools/ts/tests/env/built.json');

for (const [name, text] of [
  ['WORDS', 'words\n'],
  ['EXEC', 'words\n'],
  ['BUILT', '[\n   "built"\n]\n'],
]) {
  test(`${name} is the absolute path of a file`, () => assert.equal(readFileSync(value(name ?? ''), 'utf8'), text));
}

test('what is of another repository has an absolute path', () => {
  assert.ok(isAbsolute(value('ELSEWHERE')) && statSync(value('ELSEWHERE')).isDirectory(), value('ELSEWHERE'));
});

test('a program runs by its path, and finds its own files', () => {
  const output = execFileSync(value('PROGRAM'), { encoding: 'utf8', env: { PATH: process.env['PATH'] } });
  const [, path = '', rest] = /^the words are in (\S+), (.*)$/.exec(output) ?? [];
  assert.equal(readFileSync(path, 'utf8'), 'words\n');
  assert.equal(rest, "$$HOME 'quoted'");
});

test('several paths have a space between them', () => assert.deepEqual(value('BOTH').split(' '), [built, words]));

test('text around paths stays', () =>
  assert.equal(value('MIXED'), `a=${words}:tools/ts/tests/env/words.txt:${built}!`));

test('$(rootpath) is the path below the main repository', () =>
  assert.equal(value('ROOT'), 'tools/ts/tests/env/words.txt'));

test('what names no file is text', () => assert.equal(value('TEXT'), "it's $(NOTHING) of $(location"));
