// The engine behind every verb: `--verb=apply --plan FILE [arguments of the BUILD file and of the caller]`.
import { runMain } from '../lib/cli.ts';
import { ToolError } from '../lib/errors.ts';

await runMain(async () => {
  throw new ToolError('K8S_USAGE', 'Running a verb: not there yet', { hint: 'Pull again.' });
});
