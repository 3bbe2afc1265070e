// docs/rules.md is what the docstrings say.
import assert from 'node:assert/strict';
import { readFileSync, realpathSync } from 'node:fs';
import { dirname } from 'node:path';
import { test } from 'node:test';
import { runfile } from '../../../lib/runfiles.ts';
import { withoutExample } from './examples.ts';
import { rulesPage, UPDATE } from './page.ts';
import { publicFiles, readRules } from './sources.ts';

// The check is of whole folders, which no target could declare: the README's link leads to the checkout.
const root = dirname(dirname(realpathSync(runfile('fathom/tools/README.md'))));

test('docs/rules.md is what the docstrings say', () => {
  const written = readFileSync(runfile('fathom/docs/rules.md'), 'utf8').split('\n');
  const right = rulesPage(readRules(root)).split('\n');
  const line = right.findIndex((text, index) => text !== written[index]);
  const differs = line >= 0 || right.length !== written.length;
  const where = `line ${line + 1} is\n  ${written[line]}\nand must be\n  ${right[line]}`;
  assert.ok(!differs, `docs/rules.md is stale: ${where}\n${UPDATE} writes it`);
});

test('every rule and macro has an example: a call of it in its docstring, four blanks in', () => {
  assert.deepEqual(withoutExample(readRules(root)), []);
});

test('finds the files that the rules are loaded from', () => {
  const files = publicFiles(root);
  for (const path of ['tools/repositories.bzl', 'tools/k8s/defs.bzl', 'tools/k8s/repositories.bzl'])
    assert.ok(files.includes(path), path);
  assert.ok(files.length > 10);
});
