// The build action behind `.image`: packs a stack's plan input. Its only argument is a file with the parameters.
import { readFile, writeFile } from 'node:fs/promises';
import { runMain } from '../../lib/cli.ts';
import { packPlan } from '../deploy/pack.ts';
import { readPlanInput } from '../model/plan_input.ts';

/** What the rule writes down. */
interface PackParams {
  /** Runfiles path of the plan input. */
  readonly plan: string;
  /** Runfiles path → file, of all that the plan names. */
  readonly files: Readonly<Record<string, string>>;
  /** The file to write. */
  readonly out: string;
}

await runMain(async ({ argv: [file = ''] }) => {
  const { plan, files, out } = JSON.parse(await readFile(file, 'utf8')) as PackParams;
  // Blobs are not among the files: of an image only the description is read.
  const resolve = (path: string) => files[path] ?? path;
  await writeFile(out, `${JSON.stringify(await packPlan(await readPlanInput(resolve(plan)), resolve))}\n`);
});
