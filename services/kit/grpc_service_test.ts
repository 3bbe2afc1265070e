// The smallest service as a process: what it has without a word in its main.ts.
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { after, test } from 'node:test';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { EchoClient } from './testing/echo.ts';

// Under Bazel the program's launcher; from source node itself.
const launcher = process.env['MINIMAL_PROGRAM'];
const [program, ...args] =
  launcher === undefined
    ? [process.execPath, fileURLToPath(new URL('testing/minimal_main.ts', import.meta.url))]
    : [launcher];
const running = new Set<ChildProcess>();
after(() => running.forEach((child) => child.kill('SIGKILL')));

function start(env: Record<string, string>) {
  const child = spawn(program ?? '', args, {
    env: { PORT: '0', METRICS_PORT: '0', ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  running.add(child);
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const line = async (msg: string): Promise<Record<string, unknown>> => {
    for (;;) {
      const next = await lines.next();
      if (next.done === true) throw new Error(`The service ended without the line "${msg}"`);
      const entry = JSON.parse(next.value) as Record<string, unknown>;
      if (entry['msg'] === msg) return entry;
    }
  };
  return { child, line };
}

test('answers, counts, logs, and drains at SIGTERM', { timeout: 30_000 }, async () => {
  const { child, line } = start({ GREETING: 'Hi' });
  const { port, metricsPort } = await line('listening');
  await line('ready');
  const client = new EchoClient(Number(port));
  assert.equal((await client.say('you')).text, 'Hi you');
  const { method, code } = await line('call');
  assert.deepEqual([method, code], ['/kit.test.v1.Echo/Say', 'OK']);
  const metrics = await (await fetch(`http://127.0.0.1:${String(metricsPort)}/metrics`)).text();
  assert.match(metrics, /^grpc_server_handled_total\{.*grpc_method="Say",grpc_code="OK"\} 1$/m);
  const chat = client.chat();
  chat.write('a');
  await once(chat, 'data');
  child.kill('SIGTERM');
  await line('not ready');
  chat.end('b');
  assert.deepEqual(await once(chat, 'data'), ['b']);
  chat.resume();
  await line('stopped');
  assert.deepEqual(await once(child, 'exit'), [0, null]);
  client.close();
});

test('ends calls that outlast DRAIN_TIMEOUT_MS', { timeout: 30_000 }, async () => {
  const { child, line } = start({ DRAIN_TIMEOUT_MS: '100' });
  const { port } = await line('listening');
  const client = new EchoClient(Number(port));
  const chat = client.chat();
  chat.write('a');
  await once(chat, 'data');
  const ended = once(chat, 'error');
  child.kill('SIGTERM');
  await line('ending calls that outlast the drain');
  await ended;
  assert.deepEqual(await once(child, 'exit'), [0, null]);
  client.close();
});

test('has time for all of DRAIN_TIMEOUT_MS before its stop is given up', { timeout: 30_000 }, async () => {
  const { child, line } = start({ DRAIN_TIMEOUT_MS: '60000' });
  const exited = once(child, 'exit');
  await line('listening');
  child.kill('SIGTERM');
  assert.equal((await line('stopping'))['deadlineMs'], 70_000);
  assert.deepEqual(await exited, [0, null]);
});

test('names all that is wrong with its settings at once', { timeout: 30_000 }, async () => {
  const { child, line } = start({ PORT: 'http', LOG_LEVEL: 'loud', DEADLINE_MS: '-1', GREETING_FILE: '/nowhere' });
  const exited = once(child, 'exit');
  assert.deepEqual((await line('settings are wrong'))['problems'], [
    'LOG_LEVEL must be one of trace, debug, info, warn, error, fatal, got "loud"',
    'PORT must be a whole number from 0 to 65535, got "http"',
    'DEADLINE_MS must be a whole number from 0 to 2147483647, got "-1"',
    'GREETING_FILE: reading /nowhere: ENOENT',
  ]);
  assert.deepEqual(await exited, [1, null]);
});
