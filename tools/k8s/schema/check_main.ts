// The build action behind k8s_manifests_test: `check PARAMS REPORT`. What it finds fails the test, not the action.
import { readFile, writeFile } from 'node:fs/promises';
import { runTool } from '../../lib/worker.ts';
import { ToolError } from '../../lib/errors.ts';
import { createCatalog } from './catalog.ts';
import { checkManifests } from './check.ts';
import { kindKey, readBuiltInKinds } from './index_file.ts';
import { type ManifestSource, readManifests } from './read_manifests.ts';
import { reportOf } from './report.ts';

/** What the rule says of a check. */
interface CheckParams {
  readonly label: string;
  readonly index: string;
  readonly validators: string;
  readonly manifests: readonly ManifestSource[];
  /** Manifests whose CustomResourceDefinitions are known as well. */
  readonly crds: readonly ManifestSource[];
  readonly environments: Readonly<Record<string, string>>;
  /** The release of the cluster; empty for that of the environment, else of the schemas. */
  readonly version: string;
}

await runTool(async ({ argv }) => {
  const [paramsPath = '', reportPath = ''] = argv;
  // Written by the rule itself, so its form is known.
  const params = JSON.parse(await readFile(paramsPath, 'utf8')) as CheckParams;
  const { label, environments, version } = params;
  const [builtIn, manifests, crds] = await Promise.all([
    readBuiltInKinds(params.index, params.validators),
    readManifests(params.manifests, { environments, ...(version === '' ? {} : { version }) }),
    readManifests(params.crds),
  ]);
  const objects = manifests.flatMap((manifest) => manifest.objects);
  if (objects.length === 0) {
    throw new ToolError('MANIFEST_NOTHING_TO_CHECK', `Checking the manifests of ${label}: there are none`, {
      hint: 'Name objects, stacks or manifests in objects.',
    });
  }
  // Loading the compiler takes longer than most checks: it is for custom kinds alone.
  const isBuiltIn = objects.every((object) => kindKey(object) in builtIn.index.kinds);
  const compile = isBuiltIn ? undefined : (await import('./compile.ts')).createCompile(builtIn);
  const known = [...objects, ...crds.flatMap((manifest) => manifest.objects)];
  const catalog = createCatalog(builtIn, known, compile);
  const findings = checkManifests(manifests, catalog);
  await writeFile(reportPath, `${JSON.stringify(reportOf(label, builtIn.index.version, manifests, findings))}\n`);
});
