// Runs an image's program, and says what is wrong with how it answered and ended.
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { RunningProgram } from './container.ts';
import type { RunSpec } from './spec.ts';

/** How often a port is asked, in milliseconds. */
const POLL_MS = 50;

/** The first problem, or undefined. Ends within the spec's time and a second. */
export async function runProblem(program: RunningProgram, spec: RunSpec): Promise<string | undefined> {
  const deadline = AbortSignal.timeout(spec.timeoutMs);
  const problem = (await answerProblem(program, spec, deadline)) ?? (await endProblem(program, spec, deadline));
  if (problem === undefined) return undefined;
  const { stdout, stderr } = program.output();
  return `${problem}\nstdout: ${last(stdout)}\nstderr: ${last(stderr)}`;
}

function last(text: string): string {
  const lines = text.trimEnd().split('\n');
  return lines.slice(-20).join('\n') || '(nothing)';
}

/** Waits until the port answers as it must. */
async function answerProblem(
  program: RunningProgram,
  spec: RunSpec,
  deadline: AbortSignal,
): Promise<string | undefined> {
  const { port } = spec;
  if (port === undefined) return undefined;
  let isOver = false;
  const ended = program.ended.then((code) => {
    isOver = true;
    return `it ended with exit code ${code} before port ${port} answered`;
  });
  let problem = `port ${port} was not asked`;
  while (!deadline.aborted) {
    const asked = spec.httpPath === undefined ? tcpProblem(port, deadline) : httpProblem(port, spec, deadline);
    const result = await Promise.race([asked, ended]);
    if (result === undefined || isOver) return result;
    // What a request says that the deadline cut off is no news.
    if (!deadline.aborted) problem = result;
    await sleep(POLL_MS);
  }
  return `${problem} (after ${spec.timeoutMs} ms)`;
}

function tcpProblem(port: number, signal: AbortSignal): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port, signal });
    socket.on('connect', () => {
      socket.destroy();
      resolve(undefined);
    });
    socket.on('error', (error) => resolve(`port ${port} does not answer: ${error.message}`));
  });
}

async function httpProblem(port: number, spec: RunSpec, signal: AbortSignal): Promise<string | undefined> {
  const url = `http://127.0.0.1:${port}${spec.httpPath ?? '/'}`;
  try {
    const response = await fetch(url, { signal });
    const body = await response.text();
    if (response.status !== 200) return `${url} answered with status ${response.status}`;
    if (spec.httpBody !== undefined && !new RegExp(spec.httpBody).test(body)) {
      return `${url} answered ${JSON.stringify(body.slice(0, 500))}, which does not match ${spec.httpBody}`;
    }
    return undefined;
  } catch (error) {
    return `${url} does not answer: ${error instanceof Error ? error.message : String(error)}`;
  }
}

/** Waits until it has ended: by itself, or after SIGTERM where it serves a port. */
async function endProblem(program: RunningProgram, spec: RunSpec, deadline: AbortSignal): Promise<string | undefined> {
  if (spec.port !== undefined) program.stop();
  const late = new Promise<undefined>((resolve) => {
    if (deadline.aborted) resolve(undefined);
    else deadline.addEventListener('abort', () => resolve(undefined), { once: true });
  });
  const code = await Promise.race([program.ended, late]);
  if (code === undefined) {
    return `it did not end within ${spec.timeoutMs} ms${spec.port === undefined ? '' : ', although it got SIGTERM'}`;
  }
  const expected = spec.exitCode ?? (spec.port === undefined ? 0 : code);
  if (code !== expected) return `it ended with exit code ${code}, not ${expected}`;
  const { stdout } = program.output();
  if (spec.stdout !== undefined && !new RegExp(spec.stdout).test(stdout)) {
    return `its output does not match ${spec.stdout}`;
  }
  return undefined;
}
