// What k8s_golden_test and k8s_update_goldens run: `golden REQUEST`, and `--update` to write the files anew.
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { runMain } from '../../lib/cli.ts';
import { ToolError } from '../../lib/errors.ts';
import { runfile } from '../../lib/runfiles.ts';
import { type Golden, goldenDifference, goldenText } from './golden.ts';

/** What the rules write down. */
interface GoldenRequest {
  readonly label: string;
  readonly goldens: readonly (Omit<Golden, 'found' | 'manifests'> & {
    /** Runfiles path of the file, empty where there is none. */
    readonly golden: string;
    /** Runfiles paths. */
    readonly manifests: readonly string[];
  })[];
  /** Golden files of no stack, relative to the workspace, each with the command that removes it. */
  readonly stray: readonly { readonly path: string; readonly update: string }[];
}

await runMain(async ({ argv, env }) => {
  // Written by the rules themselves, so its form is known.
  const request = JSON.parse(await readFile(argv[0] ?? '', 'utf8')) as GoldenRequest;
  const goldens = await Promise.all(
    request.goldens.map(async ({ golden, manifests, ...rest }): Promise<Golden> => {
      const found = golden === '' ? undefined : await readFile(runfile(golden), 'utf8');
      const texts = await Promise.all(manifests.map((path) => readFile(runfile(path), 'utf8')));
      return { ...rest, found, manifests: texts };
    }),
  );
  if (argv.includes('--update')) await update(request, goldens, env['BUILD_WORKSPACE_DIRECTORY']);
  else compare(request, goldens);
});

async function update({ label, stray }: GoldenRequest, goldens: readonly Golden[], root: string | undefined) {
  if (root === undefined) {
    throw new ToolError('K8S_NO_WORKSPACE', `Updating the golden files of ${label}: there is no workspace`, {
      hint: `Start it by \`bazel run ${label}\`.`,
    });
  }
  const different = goldens.filter((golden) => goldenDifference(golden) !== undefined);
  for (const golden of different) {
    const path = join(root, golden.path);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, goldenText(golden));
    process.stdout.write(`wrote ${golden.path}\n`);
  }
  for (const { path } of stray) {
    await rm(join(root, path), { force: true });
    process.stdout.write(`removed ${path}\n`);
  }
  process.stdout.write(`${goldens.length} golden files, ${different.length} written, ${stray.length} removed\n`);
}

function compare({ label, stray }: GoldenRequest, goldens: readonly Golden[]): void {
  const problems = [
    ...goldens.map((golden) => goldenDifference(golden)).filter((difference) => difference !== undefined),
    ...stray.map(({ path }) => `${path} is the golden file of no environment\n`),
  ];
  if (problems.length === 0) return;
  const [command] = [...goldens, ...stray].map(({ update: mend }) => mend);
  throw new ToolError('K8S_GOLDEN_DIFFERS', `Comparing golden files in ${label}:\n${problems.join('\n').trimEnd()}`, {
    hint: `If this is what should be deployed: ${command ?? `bazel run ${label}.update`}`,
  });
}
