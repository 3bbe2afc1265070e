// What docs/development.md promises to those who work with an editor, in a copy of the checkout: `npm ci`,
// `bazel run //tools/ts:sync_ide`, and `npx tsc -p` passes for every program, and finds what is wrong with the use of
// generated code.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { copyFile, mkdir, mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { checkoutFiles, typeScriptPrograms } from '../format/checkout.ts';
import { endNested, nestedBazel } from '../nested/nested_bazel.ts';

const run = promisify(execFile);
const checkout = process.env['BUILD_WORKSPACE_DIRECTORY'] ?? '';
const folder = await mkdtemp(join(tmpdir(), 'fathom-ide-'));
const workspace = join(folder, 'src');
const bazel = nestedBazel({ folder, workspace, env: process.env, timeoutMs: 1_800_000 });

after(() => endNested(folder, bazel));

before(async () => {
  for (const path of checkoutFiles(checkout)) {
    await mkdir(dirname(join(workspace, path)), { recursive: true });
    await copyFile(join(checkout, path), join(workspace, path));
  }
  await run('npm', ['ci', '--ignore-scripts'], { cwd: workspace, timeout: 600_000 });
});

/** What the compiler prints of a program: nothing where all is right. */
async function tsc(program: string): Promise<string> {
  const answer = await run('npx', ['tsc', '-p', program], { cwd: workspace, timeout: 300_000 }).catch(
    (error: unknown) => error as { readonly stdout: string },
  );
  return answer.stdout;
}

test('the compiler misses generated code before it is synced', async () => {
  assert.match(await tsc('.'), /Cannot find module '\S*proto\/routeguide\/v1\/route_guide\.ts'/);
});

test('the compiler passes with it, and finds what is wrong with its use', async () => {
  // The program builds in the usual output base, whose Bazel would take links to this one for packages.
  await bazel('run', '--symlink_prefix=/', '//tools/ts:sync_ide');
  for (const program of typeScriptPrograms(checkoutFiles(checkout))) assert.equal(await tsc(program), '', program);
  const path = 'services/routeguide/client/calls.ts';
  const text = await readFile(join(workspace, path), 'utf8');
  const planted =
    'export const planted: number = "wrong" as import("../../../proto/routeguide/v1/route_guide.ts").Feature["name"];';
  await writeFile(join(workspace, path), `${text}\n${planted}\n`);
  assert.match(await tsc('.'), /^services\/routeguide\/client\/calls\.ts\(\d+,\d+\): error TS2322: Type 'string'/m);
});

test('a renamed proto leaves no stale code behind', async () => {
  await writeFile(join(workspace, '.ide', 'stale.ts'), 'export {};\n');
  assert.match(await bazel('run', '--symlink_prefix=/', '//tools/ts:sync_ide'), /0 written, 1 removed/);
});
