// The build action behind a stack of stacks. Its only argument is a file with the parameters.
import { readFile, writeFile } from 'node:fs/promises';
import { runTool } from '../../lib/worker.ts';
import { loadSets, readPlanInput } from '../model/plan_input.ts';
import { checkStack } from './check_stack.ts';

/** What the rule writes down. */
interface CheckStackParams {
  readonly label: string;
  /** The plan input. */
  readonly plan: string;
  /** Runfiles path → file, of all objects that the plan names. */
  readonly files: Readonly<Record<string, string>>;
  /** The file that says that all is well. */
  readonly out: string;
}

await runTool(async ({ argv: [file = ''] }) => {
  // Written by the rule itself, so its form is known.
  const { label, plan, files, out } = JSON.parse(await readFile(file, 'utf8')) as CheckStackParams;
  checkStack(label, await loadSets(await readPlanInput(plan), (path) => files[path] ?? path));
  await writeFile(out, '');
});
