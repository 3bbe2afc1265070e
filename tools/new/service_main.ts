// bazel run //tools/new:service -- --name=shop/cart --deps=redis: writes a service that builds, deploys and answers.
import { createTwoFilesPatch } from 'diff';
import { runMain } from '../lib/cli.ts';
import { ToolError } from '../lib/errors.ts';
import { createLog } from '../lib/log.ts';
import { runfile } from '../lib/runfiles.ts';
import { writeGoldens } from './goldens.ts';
import { readOptions } from './options.ts';
import { type PlannedFile, planService, type WorkspaceFacts } from './plan.ts';
import { writePlan } from './write.ts';

await runMain(async ({ argv, env, signal }) => {
  const options = readOptions(argv);
  if (options === undefined) return;
  const workspace = env['BUILD_WORKSPACE_DIRECTORY'] ?? '';
  const facts = env['FATHOM_NEW_WORKSPACE'];
  if (workspace === '' || facts === undefined) {
    throw new ToolError('NEW_NO_WORKSPACE', 'Finding the workspace: it is not known where the service is to be', {
      hint: 'Start it by `bazel run @fathom//tools/new:service -- --name=…`.',
    });
  }
  const plan = await planService({
    workspace,
    facts: JSON.parse(facts) as WorkspaceFacts,
    name: options.name,
    deps: options.deps,
    templates: runfile('fathom/tools/new/templates', env),
    fathomPackages: runfile('fathom/package.json', env),
  });
  if (options.dryRun) {
    process.stdout.write(plan.files.map(asPatch).join(''));
    return;
  }
  await writePlan(plan, workspace);
  process.stdout.write(plan.files.map(({ path }) => `${path}\n`).join(''));
  if (options.goldens) await writeGoldens({ labels: plan.goldens, workspace, env, signal });
  const deploy = `bazel run ${plan.label}:${plan.environments[0] ?? ''}-deep.apply`;
  createLog().info(`${plan.label} is there: \`bazel test ${plan.label}/...\`, and \`${deploy}\``);
});

/** A file as `git apply` takes it. */
function asPatch({ path, text, before }: PlannedFile): string {
  const old = before === undefined ? '/dev/null' : `a/${path}`;
  return createTwoFilesPatch(old, `b/${path}`, before ?? '', text, '', '', { context: 3 }).replace(/^=+\n/, '');
}
