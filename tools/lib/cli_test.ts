import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { test } from 'node:test';
import { runfile } from './runfiles.ts';

const program = runfile('fathom/tools/lib/cli_fixture');
const run = (...argv: string[]) => spawnSync(program, argv, { encoding: 'utf8' });

test('prints a ToolError with its hint, without a stack, and exits 1', () => {
  const result = run('tool-error');
  assert.equal(result.status, 1);
  assert.equal(result.stdout, '');
  assert.equal(result.stderr, 'error: X_FAILED: Doing x to https://***@host/y\n  hint: Do z.\n');
});

test('prints the stack of a defect and exits 70', () => {
  const result = run('defect');
  assert.equal(result.status, 70);
  assert.match(result.stderr, /INTERNAL: TypeError: oops\n\s+at /);
});

test('exits with the number that main returns, and ends in spite of open handles', () => {
  assert.equal(run('three').status, 3);
});

for (const [signal, code] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
  ['SIGHUP', 129],
] as const) {
  test(`aborts main at ${signal} and exits ${code}`, async () => {
    const child = spawn(program, ['wait'], { stdio: ['ignore', 'pipe', 'pipe'] });
    await once(child.stdout, 'data');
    child.kill(signal);
    const [status] = await once(child, 'exit');
    assert.equal(status, code);
  });
}

test('says that its output cannot be written, without a stack, and goes on where only its errors cannot', () => {
  const full = openSync('/dev/full', 'w');
  const noOutput = spawnSync(program, ['long'], { encoding: 'utf8', stdio: ['ignore', full, 'pipe'] });
  assert.match(noOutput.stderr, /^error: OUTPUT_FAILED: Writing the output: .*ENOSPC.*\n {2}hint: Free space/);
  assert.equal(noOutput.status, 1);
  const noErrors = spawnSync(program, ['complain'], { encoding: 'utf8', stdio: ['ignore', 'pipe', full] });
  closeSync(full);
  assert.equal(noErrors.stdout, 'went on\n');
  assert.equal(noErrors.status, 0);
});

test('writes all of a long output before it exits', () => {
  assert.equal(run('long').stdout.length, 300_000);
});
