import assert from 'node:assert/strict';
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { writeGoldens } from './goldens.ts';

// A program in the place of Bazel: writes down how it was called, and ends as it is told to.
const BAZEL = '#!/bin/sh\necho "$PWD $*" > "$CALLED"\n[ "$SLEEP" = 0 ] || exec sleep "$SLEEP"\nexit "$EXIT"\n';

let folder = '';
before(async () => {
  folder = await mkdtemp(join(process.env['TEST_TMPDIR'] ?? tmpdir(), 'goldens-'));
  await writeFile(join(folder, 'bazel'), BAZEL);
  await chmod(join(folder, 'bazel'), 0o755);
});
after(() => rm(folder, { recursive: true }));

async function run(env: Record<string, string>, timeoutMs?: number, signal = new AbortController().signal) {
  const called = join(folder, 'called');
  const all = { ...process.env, FATHOM_BAZEL: join(folder, 'bazel'), CALLED: called, SLEEP: '0', EXIT: '0', ...env };
  const options = { labels: ['//services/x'], workspace: folder, env: all, signal };
  await writeGoldens(timeoutMs === undefined ? options : { ...options, timeoutMs });
  return (await readFile(called, 'utf8')).trim();
}

test('runs update_goldens in the workspace, by the Bazel that runs this program', async () => {
  const runfiles = '/cache/7/execroot/fathom/bazel-out/k8-fastbuild/bin/tools/new/service.runfiles';
  const called = await run({ RUNFILES_DIR: runfiles });
  assert.equal(called, `${folder} --output_base=/cache/7 run //services/x:update_goldens`);
});

test('leaves it to Bazel where its outputs are, started from elsewhere', async () =>
  assert.equal(await run({ RUNFILES_DIR: '/elsewhere' }), `${folder} run //services/x:update_goldens`));

for (const [name, env, timeoutMs, says] of [
  ['a build that fails', { EXIT: '3' }, undefined, /exit code 3; the service is written, its golden files are not/],
  ['a Bazel that is not there', { FATHOM_BAZEL: '/nowhere/bazel' }, undefined, /Bazel cannot be started/],
  ['a Bazel that does not end', { SLEEP: '30' }, 200, /no end within 0\.2 s/],
] as const) {
  test(`tells of ${name}, and what to run then`, () =>
    assert.rejects(run(env, timeoutMs), {
      code: 'NEW_GOLDENS',
      message: says,
      hint: /`bazel run \/\/services\/x:update_goldens`/,
    }));
}

test('ends Bazel when it is interrupted', async () => {
  const controller = new AbortController();
  const running = run({ SLEEP: '30' }, undefined, controller.signal);
  const reason = new Error('interrupted');
  setTimeout(() => controller.abort(reason), 100);
  await assert.rejects(running, reason);
});
