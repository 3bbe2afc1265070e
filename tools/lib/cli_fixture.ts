// A program that ends in each of the ways that cli_test.ts asks for.
import { runMain } from './cli.ts';
import { ToolError } from './errors.ts';

await runMain(async ({ argv, signal }) => {
  setInterval(() => undefined, 1000);
  switch (argv[0]) {
    case 'tool-error':
      throw new ToolError('X_FAILED', 'Doing x to https://me:secret@host/y', { hint: 'Do z.' });
    case 'defect':
      throw new TypeError('oops');
    case 'three':
      return 3;
    case 'long':
      process.stdout.write('x'.repeat(300_000));
      return 0;
    case 'complain':
      process.stderr.write('a complaint\n');
      await new Promise((resolve) => setTimeout(resolve, 100));
      process.stdout.write('went on\n');
      return 0;
    default:
      process.stdout.write('waiting\n');
      return new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
  }
});
