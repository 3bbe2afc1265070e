// The front with the greeters themselves: one program of each language.
import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { after, before, test } from 'node:test';
import { createInterface } from 'node:readline';
import { Metadata, credentials, status, type ServiceError } from '@grpc/grpc-js';
import { GreeterClient } from '../../proto/greet/v1/greet.ts';
import { startFront, type Front } from './front.ts';

const programs: ChildProcess[] = [];
let front: Front | undefined;
let client: GreeterClient | undefined;

/** The path of a program that BUILD.bazel names. Before it was absolute, it was one below the outputs. */
function programOf(variable: string): string {
  const path = process.env[variable] ?? '';
  if (path.startsWith('/')) return path;
  // `polyglot`, or with modules `_main`.
  const { RUNFILES_DIR, TEST_WORKSPACE } = process.env;
  return `${RUNFILES_DIR}/${TEST_WORKSPACE}/${path.replace(/^bazel-out\/[^/]*\/bin\//, '')}`;
}

/** Starts the program of a variable, and resolves to the port of its first line. */
async function start(variable: string): Promise<number> {
  const program = spawn(programOf(variable), {
    env: { ...process.env, PORT: '0' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  programs.push(program);
  program.on('error', (error) => program.stdout?.destroy(error));
  for await (const line of createInterface(program.stdout)) return (JSON.parse(line) as { port: number }).port;
  throw new Error(`${variable} ended before it listened`);
}

before(async () => {
  const ports = await Promise.all(['GREETER_GO', 'GREETER_JAVA', 'GREETER_PYTHON'].map(start));
  front = await startFront({ port: 0, greeters: ports.map((port) => `127.0.0.1:${port}`), deadlineMs: 10_000 });
  client = new GreeterClient(`127.0.0.1:${front.port}`, credentials.createInsecure());
});

after(async () => {
  client?.close();
  await front?.stop();
  for (const program of programs) program.kill('SIGKILL');
});

function greet(name: string): Promise<readonly string[]> {
  return new Promise((resolve, reject) => {
    client?.greet({ name }, new Metadata(), { deadline: Date.now() + 20_000 }, (error, response) =>
      error === null ? resolve(response.greetings) : reject(error),
    );
  });
}

test('greets in every language', async () => {
  assert.deepEqual(await greet('Ada'), ['Hello Ada, from Go', 'Hello Ada, from Java', 'Hello Ada, from Python']);
});

test('tells the caller what is wrong with the request', async () => {
  await assert.rejects(greet(''), (error: ServiceError) => error.code === status.INVALID_ARGUMENT);
});

test('is unavailable without one of them', async () => {
  programs[0]?.kill('SIGKILL');
  await assert.rejects(greet('Ada'), (error: ServiceError) => error.code === status.UNAVAILABLE);
});
