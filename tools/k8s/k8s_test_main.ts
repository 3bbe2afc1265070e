// The program behind k8s_test: `CONFIG [arguments of the caller]`; and, with `--watch`, the process beside it.
import { runMain } from '../lib/cli.ts';
import { ToolError } from '../lib/errors.ts';
import { createLog } from '../lib/log.ts';
import { readConfig } from './k8s_test/config.ts';
import { runTest } from './k8s_test/run.ts';
import { watch } from './k8s_test/watcher.ts';

await runMain(async ({ argv, env, signal }) => {
  const [first, ...args] = argv;
  if (first === '--watch') return watch(args[0] ?? '', process.stdin);
  if (first === undefined) {
    throw new ToolError('K8S_USAGE', 'Starting the program of k8s_test without what the rule wrote', {
      hint: 'Run the test: `bazel test --config=cluster //x:y_test`.',
    });
  }
  return runTest({ config: await readConfig(first), args, env, log: createLog(), signal });
});
