// docs/from_rules_k8s.md tells of all that is refused, and of where each rule was and is loaded from.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { runfile } from '../../lib/runfiles.ts';
import { REFUSED } from './refused.ts';

const docs = readFileSync(runfile('fathom/docs/from_rules_k8s.md'), 'utf8');

/** The cells of a section's table, without its head. */
function rows(section: string): string[][] {
  const start = docs.indexOf(`## ${section}\n`);
  assert.ok(start >= 0, `there is no section ${section}`);
  const end = docs.indexOf('\n## ', start);
  return docs
    .slice(start, end < 0 ? undefined : end)
    .split('\n')
    .filter((line) => line.startsWith('| '))
    .slice(2)
    .map((line) =>
      line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );
}

test('the guide has a row for each row of the test of what is refused, each with a remedy', () => {
  const refused = rows('What is refused');
  assert.deepEqual(refused.map(([what]) => what).sort(), Object.keys(REFUSED).sort());
  assert.deepEqual(
    refused.filter(([, remedy = '']) => remedy === ''),
    [],
  );
});

const RULES = [
  ...['k8s_object', 'k8s_objects', 'k8s_defaults', 'container_image', 'container_layer', 'container_push'],
  ...['nodejs_image', 'jsonnet_library', 'jsonnet_to_json', 'jsonnet_to_json_test', 'ts_project', 'ts_library'],
  ...['go_image', 'java_image', 'py_image', 'py3_image', 'nodejs_binary', 'nodejs_test'],
];

test('the guide has the old and the new place of every rule', () => {
  const loads = rows('Load lines');
  for (const rule of RULES) {
    const [, from = '', to = ''] = loads.find(([rules = '']) => rules.split(' ').includes(`\`${rule}\``)) ?? [];
    assert.match(from, /^`@(?!fathom\/)/, rule);
    assert.match(to, /^`@fathom\/\/tools\//, rule);
  }
});
