// The BUILD files are those that were written for the old rule sets, with other load lines, and nothing else.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync, readdirSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { runfile } from '../external/fathom/tools/lib/runfiles.ts';

// All files of the workspace count, also those that no target declares: the runfile's link leads to the checkout.
const workspace = dirname(realpathSync(runfile('shop/package.json')));
const script = join(workspace, 'loads.sed');
const ORIGINAL = /^original\/(.*BUILD\.bazel)\.orig$/;

/** The files below a folder. Links are not followed: Bazel's lead to all that it has made. */
function filesBelow(folder: string): string[] {
  return readdirSync(join(workspace, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return entry.name === 'node_modules' ? [] : filesBelow(path);
    return entry.isFile() ? [path] : [];
  });
}

const files = filesBelow('');
const originals = files.filter((path) => ORIGINAL.test(path));
const read = (path: string): string => readFileSync(join(workspace, path), 'utf8');

/** The load statements of a BUILD file, and what else it has: the lines of one may be several. */
function split(text: string): { readonly loads: readonly string[]; readonly rest: string } {
  const statement = /^load\((?:".*\)$|\n(?: .*\n)*\)$)/gm;
  return { loads: text.match(statement) ?? [], rest: text.replaceAll(statement, '') };
}

function moved(original: string): string {
  return execFileSync('sed', ['-f', script, join(workspace, original)], { encoding: 'utf8', timeout: 10_000 });
}

for (const original of originals) {
  const path = ORIGINAL.exec(original)?.[1] ?? '';

  test(`${path} is the original after the sed of its load lines`, () => assert.equal(read(path), moved(original)));

  test(`nothing of ${path} but what is loaded from where is changed`, () => {
    const [before, after] = [split(read(original)), split(moved(original))];
    assert.equal(after.rest, before.rest);
    assert.deepEqual(
      after.loads.map((load) => load.replace(/"[^"]*"/, '')),
      before.loads.map((load) => load.replace(/"[^"]*"/, '')),
    );
  });

  test(`${path} loads nothing of the old rule sets`, () => {
    assert.deepEqual(
      split(read(path)).loads.filter((load) => !/^load\(\s*"@(fathom|k8s_deploy)\/\//.test(load)),
      [],
    );
  });
}

test('every BUILD file has an original, but those of what is new here', () => {
  const built = files.filter((path) => /(^|\/)BUILD(\.bazel)?$/.test(path) && !/^(tests|third_party)\//.test(path));
  assert.deepEqual(built.sort(), originals.map((path) => ORIGINAL.exec(path)?.[1] ?? '').sort());
  assert.ok(built.length >= 5, built.join(' '));
});

test('the originals have every rule that moves over', () => {
  const text = originals.map(read).join('\n');
  const rules = ['k8s_object', 'k8s_objects', 'k8s_deploy', 'nodejs_image', 'container_image', 'container_layer'];
  rules.push(
    'container_push',
    'jsonnet_library',
    'jsonnet_to_json',
    'jsonnet_to_json_test',
    'ts_project',
    'ts_library',
  );
  for (const rule of rules) assert.match(text, new RegExp(`^${rule}\\(\n`, 'm'), rule);
});
