import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createLog } from '../../lib/log.ts';
import type { Step } from './plan.ts';
import { runSteps } from './run_steps.ts';

const MINUTE_MS = 60_000;

async function failureOf(...steps: readonly Step[]): Promise<string> {
  try {
    await runSteps(steps, { log: createLog(), signal: AbortSignal.timeout(MINUTE_MS) });
    return 'none';
  } catch (error) {
    return `${(error as { readonly code?: string }).code}: ${(error as Error).message}`;
  }
}

const shell = (script: string, timeoutMs = MINUTE_MS): Step => ({
  what: 'A step',
  command: ['sh', '-c', script],
  timeoutMs,
});

test('steps that end well are no failure', async () => {
  assert.equal(await failureOf(shell('true'), shell('true')), 'none');
});

test('a step that fails says its exit status, and the steps after it are not run', async () => {
  assert.equal(await failureOf(shell('exit 3'), shell('exit 4')), 'FRESH_STEP: A step: exit 3');
});

test('a step that is killed says by what', async () => {
  assert.equal(await failureOf(shell('kill -TERM $$')), 'FRESH_STEP: A step: SIGTERM');
});

test('a step that has not ended in its time is ended, and says so', async () => {
  assert.equal(await failureOf(shell('exec sleep 50', 200)), 'FRESH_STEP: A step: not ended after 200 ms');
});

test('a program that is not there is told of', async () => {
  const missing: Step = { what: 'A step', command: ['/nonexistent/program'], timeoutMs: 1000 };
  assert.equal(await failureOf(missing), 'FRESH_START: A step: starting /nonexistent/program');
});
