// The engine behind every verb: `--verb=apply --plan FILE [arguments of the caller]`. A verb loads only what it needs.
import { runMain } from '../lib/cli.ts';
import { createLog } from '../lib/log.ts';
import { parseInvocation } from './deploy/options.ts';
import { openSession } from './deploy/session.ts';
import { readPlanInput } from './model/plan_input.ts';

// The launcher set it for this program, not for those that it starts.
delete process.env['NODE_COMPILE_CACHE'];

await runMain(async ({ argv, env, signal }) => {
  const { verb, plan, rest } = parseInvocation(argv);
  const open = async () =>
    openSession({ input: await readPlanInput(plan), program: verb, args: rest, env, log: createLog(), signal });
  switch (verb) {
    case 'apply':
    case 'create':
    case 'replace':
      return (await import('./verbs/apply.ts')).applyVerb(await open(), verb);
    case 'delete':
      return (await import('./verbs/delete.ts')).deleteVerb(await open());
    case 'describe':
      return (await import('./verbs/describe.ts')).describeVerb(await open());
    case 'diff':
      return (await import('./verbs/diff.ts')).diffVerb(open);
    case 'image':
      return (await import('./verbs/image.ts')).imageVerb(await open());
    case 'logs':
      return (await import('./verbs/logs.ts')).logsVerb(await open());
    case 'rbac':
      return (await import('./verbs/rbac.ts')).rbacVerb(await open());
    case 'resolve':
      return (await import('./verbs/resolve.ts')).resolveVerb(await open());
    case 'rollback':
      return (await import('./verbs/rollback.ts')).rollbackVerb(await open());
    case 'status':
      return (await import('./verbs/status.ts')).statusVerb(await open());
    case 'wait':
      return (await import('./verbs/wait.ts')).waitVerb(await open());
  }
});
