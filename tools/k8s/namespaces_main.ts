// The program behind personal_namespaces: `--verb=gc --plan FILE [arguments of the caller]`.
import { runMain } from '../lib/cli.ts';
import { ToolError } from '../lib/errors.ts';
import { createLog } from '../lib/log.ts';
import { openSession } from './deploy/session.ts';
import { readPlanInput } from './model/plan_input.ts';
import { gcVerb } from './namespaces/gc.ts';
import { listVerb } from './namespaces/list.ts';
import { releaseVerb } from './namespaces/release.ts';

const VERBS = { gc: gcVerb, list: listVerb, release: releaseVerb } as const;

await runMain(async ({ argv, env, signal }) => {
  const [first = '', flag, plan, ...args] = argv;
  const verb = (Object.keys(VERBS) as (keyof typeof VERBS)[]).find((name) => first === `--verb=${name}`);
  if (verb === undefined || flag !== '--plan' || plan === undefined) {
    throw new ToolError('K8S_USAGE', `Starting the program of personal namespaces with ${argv.slice(0, 3).join(' ')}`, {
      hint: 'Run one of its targets, such as `bazel run //prod:namespaces.gc`.',
    });
  }
  const input = await readPlanInput(plan);
  const program = `namespaces.${verb}` as const;
  await VERBS[verb](await openSession({ input, program, args, env, log: createLog(), signal }));
});
