// What docs/languages.md says of the rules of Go, Java and Python is what there is: rules, and codes of errors.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { runfile } from '../lib/runfiles.ts';

// The check is of whole folders, which no target could declare: the files' links lead to the checkout.
const docs = readFileSync(runfile('fathom/docs/languages.md'), 'utf8');

/** What is one language's part of the page. */
function section(language: string): string {
  const [, text = ''] = new RegExp(`^## ${language}$([^]*?)(?=^## |$(?![^]))`, 'm').exec(docs) ?? [];
  return text;
}

/** The first cells of the rows of a table that look like `pattern`, sorted. */
function firstCells(text: string, pattern: RegExp): readonly string[] {
  const cells = [...text.matchAll(/^\| `([^`]+)`/gm)].map(([, cell = '']) => cell);
  return cells.filter((cell) => pattern.test(cell)).sort();
}

const LANGUAGES = [
  { language: 'Go', folder: 'go', prefix: 'GO', internal: [] },
  { language: 'Java', folder: 'java', prefix: 'JAVA', internal: ['java_runtime_layer'] },
  { language: 'Python', folder: 'python', prefix: 'PY', internal: ['py_library_bytecode_layer', 'py_runtime'] },
] as const;

for (const { language, folder, prefix, internal } of LANGUAGES) {
  const defs = realpathSync(runfile(`fathom/tools/${folder}/defs.bzl`));

  test(`docs/languages.md has every rule and macro of ${language}, and no other`, () => {
    const text = readFileSync(defs, 'utf8');
    const public_ = [...text.matchAll(/^(?:def )?([a-z]+_[a-z_]+)(?:\(| = _)/gm)].map(([, name = '']) => name);
    const told = public_.filter((name) => !(internal as readonly string[]).includes(name)).sort();
    assert.ok(told.length >= 5, told.join(' '));
    assert.deepEqual(firstCells(section(language), /^[a-z_]+$/), told);
  });

  test(`docs/languages.md has every code of an error of ${language}, and no other of it`, () => {
    const sources = readdirSync(dirname(defs))
      .filter((name) => /\.(ts|py)$/.test(name) && !/_test\.(ts|py)$/.test(name))
      .map((name) => readFileSync(join(dirname(defs), name), 'utf8'))
      .join('\n');
    const used = [...sources.matchAll(new RegExp(`['"](${prefix}_[A-Z_]+)['"]`, 'g'))].map(([, code = '']) => code);
    assert.ok(used.length > 0);
    const told = firstCells(section(language), new RegExp(`^${prefix}_`));
    assert.deepEqual(told, [...new Set(used)].sort());
  });
}
