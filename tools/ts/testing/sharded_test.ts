// Stands in for `node:test` in test files: the same functions, but a case that belongs to another shard is not
// registered, every registered case is counted, and a file that ends early fails.
import * as real from 'node:test';
import { appendFileSync } from 'node:fs';

type Register = typeof real.test;

const shards = Number(process.env['TEST_TOTAL_SHARDS'] ?? '1');
const shard = Number(process.env['TEST_SHARD_INDEX'] ?? '0');
const record = process.env['FATHOM_TEST_CASES'] ?? '';
let registered = 0;
let begun = 0;
let finished = 0;

process.on('exit', (code) => {
  if (record !== '') appendFileSync(record, `${JSON.stringify({ registered })}\n`);
  if (code === 0 && finished < begun) {
    process.stderr.write(
      `the process ended before ${begun - finished} of its cases had run (process.exit in a test?)\n`,
    );
    process.exitCode = 1;
  }
});

function mine(): boolean {
  return registered++ % shards === shard;
}

/** `register`, for the cases of this shard. */
function counting(register: Register): Register {
  const wrapped = (...args: unknown[]): Promise<void> => {
    if (!mine()) return Promise.resolve();
    begun++;
    const body = args.findIndex((argument) => typeof argument === 'function');
    if (body >= 0) args[body] = finishing(args[body] as (...inner: unknown[]) => unknown);
    else finished++;
    return (register as (...inner: unknown[]) => Promise<void>)(...args);
  };
  return Object.assign(wrapped, register) as Register;
}

function finishing(body: (...args: unknown[]) => unknown): (...args: unknown[]) => unknown {
  const run = (args: unknown[]): unknown => {
    let result: unknown;
    try {
      result = body(...args);
    } catch (error) {
      finished++;
      throw error;
    }
    if (result instanceof Promise) return result.finally(() => finished++);
    finished++;
    return result;
  };
  // node:test looks at the number of parameters: two mean a callback.
  return body.length < 2
    ? (context: unknown) => run([context])
    : (context: unknown, done: unknown) => run([context, done]);
}

const wrappedTest = counting(real.test);
const wrappedIt = counting(real.it);
wrappedTest.only = counting(real.test.only as Register);
wrappedTest.skip = real.test.skip;
wrappedTest.todo = real.test.todo;
wrappedIt.only = wrappedTest.only;

export default wrappedTest;
export { wrappedTest as test, wrappedIt as it };
export const { after, afterEach, before, beforeEach, describe, mock, run, snapshot, suite } = real;
