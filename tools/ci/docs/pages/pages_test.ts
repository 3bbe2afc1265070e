// README.md, docs/ and the READMEs of the examples say what is so: each block of code is of a kind that is checked here, without a cluster.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { runfile } from '../../../lib/runfiles.ts';
import { UPDATE } from '../rules/page.ts';
import { readRules } from '../rules/sources.ts';
import { problemsOfCommands, problemsOfData, problemsOfLinks, problemsOfNames, problemsOfStarlark } from './check.ts';
import { blocksOf, readCheckout } from './checkout.ts';
import { labelProblems, targetsOf } from './checkout_labels.ts';
import { linkedFile } from './linked.ts';
import { optionSources } from './programs.ts';

// The check is of the whole tree, which no target could declare: the README's link leads to the checkout.
const root = dirname(dirname(realpathSync(runfile('fathom/tools/README.md'))));
const checkout = readCheckout(root, readRules(root));

test('every block of code is of a kind that is checked', () => {
  const kinds = blocksOf(checkout).map(({ kind }) => kind);
  for (const kind of ['commands', 'starlark', 'jsonnet', 'yaml', 'json', 'typescript'])
    assert.ok(
      kinds.some((one) => one === kind),
      `no block of ${kind} is found`,
    );
});

test('labels are of packages, folders and verbs that there are', () => assert.deepEqual(labelProblems(checkout), []));

test('Bazel has every target that a page names', () => {
  // Where it has not, this test does not build.
  const listed: unknown = JSON.parse(readFileSync(runfile('fathom/docs/labels.json'), 'utf8'));
  assert.deepEqual(listed, targetsOf(checkout), `docs/labels.bzl is stale: ${UPDATE} writes it`);
});

test('commands and options are those that there are', () => {
  const cli = execFileSync(process.execPath, [join(root, 'tools/cluster/fathom/fathom_main.ts'), 'help'], {
    encoding: 'utf8',
    timeout: 60_000,
  });
  const fathom = new Set([...cli.matchAll(/^ {2}([a-z-]+) /gm)].map(([, name = '']) => name));
  assert.ok(fathom.has('up'), cli);
  const bazelrc = readFileSync(join(root, '.bazelrc'), 'utf8');
  const configs = new Set([...bazelrc.matchAll(/^\w+:([\w-]+) /gm)].map(([, name = '']) => name));
  const known = { fathom, configs, optionSources: (program: string) => optionSources(root, program) };
  assert.deepEqual(problemsOfCommands(checkout, known), []);
});

test('Starlark has rules and attributes of docs/rules.md', () => assert.deepEqual(problemsOfStarlark(checkout), []));

test('JSON, YAML, Jsonnet and TypeScript can be read', async () => {
  assert.deepEqual(await problemsOfData(checkout, runfile('go_jsonnet/bin/jsonnetfmt')), []);
});

test('links lead to files and headings', () => assert.deepEqual(problemsOfLinks(checkout), []));

test('files that pages link to are listed for the site', () => {
  const listed = readFileSync(join(root, 'docs/linked.bzl'), 'utf8');
  assert.equal(listed, linkedFile(checkout), `docs/linked.bzl is stale: ${UPDATE} writes it`);
});

test('variables and codes of errors are those of the code', () => assert.deepEqual(problemsOfNames(checkout), []));
