// The program behind k8s_gitops targets.
import { readFile } from 'node:fs/promises';
import { runMain } from '../../lib/cli.ts';
import { ToolError } from '../../lib/errors.ts';
import { createLog } from '../../lib/log.ts';
import { runfile } from '../../lib/runfiles.ts';
import { gitops } from './gitops.ts';
import { parseInvocation, parseOptions } from './options.ts';

/** What the build says: `<name>.gitops.json`. */
interface Config {
  readonly version: 1;
  readonly label: string;
  readonly environments: readonly { readonly name: string; readonly plans: readonly string[] }[];
  readonly prCommand: string;
}

await runMain(async ({ argv, env, signal }) => {
  const { config: path, rest } = parseInvocation(argv);
  const config = JSON.parse(await readFile(path, 'utf8')) as Config;
  const { label, environments, prCommand } = config;
  if (config.version !== 1)
    throw new ToolError('K8S_PLAN_UNREADABLE', `Reading ${path}: it is not of version 1`, {
      hint: 'Build the target again: `bazel run` does it.',
    });
  const options = parseOptions(rest, { environments: environments.map(({ name }) => name), prCommand, env });
  const plans = environments.find(({ name }) => name === options.environment)?.plans ?? [];
  await gitops({
    label,
    plans: plans.map((plan) => runfile(plan, env)),
    options,
    env,
    log: createLog(),
    signal,
    resolve: (name) => runfile(name, env),
    print: (line) => void process.stdout.write(`${line}\n`),
  });
});
