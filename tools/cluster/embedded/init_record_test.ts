// A cluster's first process is found also where its record is lost.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { runningInit } from './init_record.ts';
import { layoutOf } from './layout.ts';
import { readPidRecord } from './pid_record.ts';

test('finds the process by its record, else by what it was started with, and records it anew', async (context) => {
  const folder = mkdtempSync(join(tmpdir(), 'fathom-init-record-'));
  context.after(() => rmSync(folder, { recursive: true, force: true }));
  const layout = layoutOf(folder);
  assert.equal(await runningInit(layout), undefined);
  // It looks as the first process of a cluster does, and says when it is there.
  const child = spawn(process.execPath, ['-e', 'console.log(1); setInterval(() => {}, 1000)', layout.spec('cluster')], {
    argv0: 'unshare',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  context.after(() => child.kill('SIGKILL'));
  await once(child.stdout, 'data');
  for (const text of [undefined, '', '{"pid": 1', JSON.stringify({ pid: 1, startTicks: '0', bootId: 'x' })]) {
    if (text === undefined) rmSync(layout.rootPid, { force: true });
    else writeFileSync(layout.rootPid, text);
    assert.equal((await runningInit(layout))?.pid, child.pid);
    assert.equal((await readPidRecord(layout.rootPid))?.pid, child.pid);
  }
  assert.equal(await runningInit(layoutOf(join(folder, 'other'))), undefined);
  child.kill('SIGKILL');
  await once(child, 'exit');
  assert.equal(await runningInit(layout), undefined);
});
