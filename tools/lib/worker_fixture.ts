// A tool for worker_test.ts: it fails, never ends, or says what it was told.
import { writeSync } from 'node:fs';
import { ToolError } from './errors.ts';
import { runTool } from './worker.ts';

await runTool(async ({ argv }) => {
  const [what = ''] = argv;
  if (what === 'fail') throw new ToolError('X_FAILED', 'Doing x', { hint: 'Do y.' });
  process.stderr.write(`told ${argv.join(' and ')}\n`);
  if (what === 'wait') {
    // Not by the stream, which is part of the answer.
    writeSync(2, 'waiting');
    await new Promise(() => setInterval(() => undefined, 1000));
  }
  return what === 'three' ? 3 : 0;
});
