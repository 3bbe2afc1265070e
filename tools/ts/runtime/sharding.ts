// Stands in for `node:test` in test files: the same functions, but a case that belongs to another shard is not
// registered, every case is counted whoever's it is, with those that the filter matches, and a file that ends early fails.
import * as real from 'node:test';
import { appendFileSync } from 'node:fs';

type Register = typeof real.test;
type Group = typeof real.describe;

const shards = Number(process.env['TEST_TOTAL_SHARDS'] ?? '1');
const shard = Number(process.env['TEST_SHARD_INDEX'] ?? '0');
const record = process.env['FATHOM_TEST_CASES'] ?? '';
const filter = new RegExp(process.env['TESTBRIDGE_TEST_ONLY'] ?? '');
/** The suites in which cases are being registered, the outermost first. */
const suites: string[] = [];
let registered = 0;
let matching = 0;

// A process whose work is done says so before it exits; process.exit() does not.
let done = false;
process.on('beforeExit', () => (done = true));
process.on('exit', (code) => {
  if (record !== '') appendFileSync(record, `${JSON.stringify({ registered, matching })}\n`);
  if (code === 0 && !done) {
    process.stderr.write('the test file ended its process before all cases had run (process.exit in a test?)\n');
    process.exitCode = 1;
  }
});

function mine(name: string): boolean {
  if (matches([...suites, name])) matching++;
  return registered++ % shards === shard;
}

/** Whether node runs a case under the filter: for its own name, that of a suite around it, or both as one text. */
function matches(names: readonly string[]): boolean {
  return names.some((name, index) => filter.test(name) || filter.test(names.slice(0, index + 1).join(' ')));
}

/** The name in the arguments of a case or a suite; node takes that of the function where none is given. */
function nameOf(args: readonly unknown[]): string {
  const own = args.find((arg) => typeof arg === 'function')?.name ?? '';
  return typeof args[0] === 'string' ? args[0] : own || '<anonymous>';
}

/** `register`, for the cases of this shard. */
function counting(register: Register): Register {
  const wrapped = (...args: Parameters<Register>): Promise<void> =>
    mine(nameOf(args)) ? register(...args) : Promise.resolve();
  return Object.assign(wrapped, register) as Register;
}

/** `group`, of which it is known while its cases are registered. */
function naming(group: Group): Group {
  const wrapped = (...args: unknown[]): ReturnType<Group> => {
    const name = nameOf(args);
    const rest = typeof args[0] === 'string' ? args.slice(1) : args;
    const within = rest.map((arg) => {
      if (typeof arg !== 'function') return arg;
      return function (this: unknown, ...context: unknown[]): unknown {
        suites.push(name);
        try {
          return Reflect.apply(arg, this, context);
        } finally {
          suites.pop();
        }
      };
    });
    const given: unknown[] = [name, ...within];
    return group(...(given as Parameters<Group>));
  };
  return Object.assign(wrapped, group) as Group;
}

const wrappedTest = counting(real.test);
const wrappedIt = counting(real.it);
wrappedTest.only = counting(real.test.only as Register);
wrappedTest.skip = real.test.skip;
wrappedTest.todo = real.test.todo;
wrappedIt.only = wrappedTest.only;
const wrappedDescribe = naming(real.describe);
wrappedDescribe.only = naming(real.describe.only as Group);

// oxlint-disable-next-line import/no-default-export -- it stands for node:test, which has one
export default wrappedTest;
export { wrappedTest as test, wrappedIt as it, wrappedDescribe as describe, wrappedDescribe as suite };
export const { after, afterEach, before, beforeEach, mock, run, snapshot } = real;
