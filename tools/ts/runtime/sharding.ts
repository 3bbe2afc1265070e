// Stands in for `node:test` in test files: the same functions, but a case that belongs to another shard is not
// registered, every registered case is counted, and a file that ends early fails.
import * as real from 'node:test';
import { appendFileSync } from 'node:fs';

type Register = typeof real.test;

const shards = Number(process.env['TEST_TOTAL_SHARDS'] ?? '1');
const shard = Number(process.env['TEST_SHARD_INDEX'] ?? '0');
const record = process.env['FATHOM_TEST_CASES'] ?? '';
let registered = 0;

// A process whose work is done says so before it exits; process.exit() does not.
let done = false;
process.on('beforeExit', () => (done = true));
process.on('exit', (code) => {
  if (record !== '') appendFileSync(record, `${JSON.stringify({ registered })}\n`);
  if (code === 0 && !done) {
    process.stderr.write('the test file ended its process before all cases had run (process.exit in a test?)\n');
    process.exitCode = 1;
  }
});

function mine(): boolean {
  return registered++ % shards === shard;
}

/** `register`, for the cases of this shard. */
function counting(register: Register): Register {
  const wrapped = (...args: Parameters<Register>): Promise<void> => (mine() ? register(...args) : Promise.resolve());
  return Object.assign(wrapped, register) as Register;
}

const wrappedTest = counting(real.test);
const wrappedIt = counting(real.it);
wrappedTest.only = counting(real.test.only as Register);
wrappedTest.skip = real.test.skip;
wrappedTest.todo = real.test.todo;
wrappedIt.only = wrappedTest.only;

// oxlint-disable-next-line import/no-default-export -- it stands for node:test, which has one
export default wrappedTest;
export { wrappedTest as test, wrappedIt as it };
export const { after, afterEach, before, beforeEach, describe, mock, run, snapshot, suite } = real;
