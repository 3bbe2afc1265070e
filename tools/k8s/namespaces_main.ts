// The program behind personal_namespaces: `--verb=gc --plan FILE [arguments of the caller]`.
import { runMain } from '../lib/cli.ts';
import { ToolError } from '../lib/errors.ts';
import { createLog } from '../lib/log.ts';
import { openSession } from './deploy/session.ts';
import { readPlanInput } from './model/plan_input.ts';
import { gcVerb } from './namespaces/gc.ts';
import { listVerb } from './namespaces/list.ts';
import { releaseVerb } from './namespaces/release.ts';

const VERBS = { '--verb=gc': gcVerb, '--verb=list': listVerb, '--verb=release': releaseVerb } as const;

await runMain(async ({ argv, env, signal }) => {
  const [first = '', flag, plan, ...args] = argv;
  const verb = Object.entries(VERBS).find(([name]) => name === first)?.[1];
  if (verb === undefined || flag !== '--plan' || plan === undefined) {
    throw new ToolError('K8S_USAGE', `Starting the program of personal namespaces with ${argv.slice(0, 3).join(' ')}`, {
      hint: 'Run one of its targets: `bazel run //prod:namespaces.gc`.',
    });
  }
  const input = await readPlanInput(plan);
  await verb(await openSession({ input, args, env, log: createLog(), signal }));
});
