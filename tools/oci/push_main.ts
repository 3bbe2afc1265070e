// The program behind oci_push targets.
import { parseArgs } from 'node:util';
import { runMain } from '../lib/cli.ts';
import { ToolError } from '../lib/errors.ts';
import { createLog } from '../lib/log.ts';
import { readClusterState } from '../lib/state.ts';
import { readImage } from './image/oci_image.ts';
import { pushImages } from './registry/push.ts';

await runMain(async ({ argv, env, signal }) => {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      image: { type: 'string' },
      registry: { type: 'string' },
      repository: { type: 'string' },
      tag: { type: 'string', multiple: true },
      'default-tag': { type: 'string', multiple: true },
      cluster: { type: 'string', default: 'fathom' },
    },
  });
  const { image: path, registry, repository } = values;
  if (path === undefined || registry === undefined || repository === undefined) {
    throw new ToolError('OCI_USAGE', 'Pushing an image: --image, --registry or --repository is missing', {
      hint: 'Run an oci_push target: `bazel run //services/x:push`.',
    });
  }
  const state = (await readClusterState(values.cluster, env))?.registry;
  // Plain http is for the endpoint in the state file and nowhere else.
  const isCluster = state !== undefined && (registry === state.reference || registry === state.endpoint);
  const target = isCluster ? state : { endpoint: registry, plainHttp: false };
  const root = env['RUNFILES_DIR'] ?? '';
  const image = await readImage(path, (name) => `${root}/${name}`);
  const tags = values.tag ?? values['default-tag'] ?? [];
  const { endpoint, plainHttp } = target;
  const report = await pushImages([{ image, repository, tags }], { endpoint, plainHttp, signal, log: createLog() });
  for (const result of report.results) process.stdout.write(`${registry}/${result.repository}@${result.digest}\n`);
});
