// The program behind oci_load targets: `--image image.json --name NAME … --caller [arguments of the caller]`.
import { parseArgs } from 'node:util';
import { runMain } from '../../lib/cli.ts';
import { ToolError } from '../../lib/errors.ts';
import { createLog, step } from '../../lib/log.ts';
import { userPath } from '../../lib/runfiles.ts';
import { readImageOrIndex } from '../image/oci_image.ts';
import { imageForPlatform, machinePlatform } from '../image/image_for_platform.ts';
import { loadContainerd } from './containerd.ts';
import { loadDocker } from './docker.ts';
import { DockerApi, dockerAddress } from './docker_api.ts';

const OPTIONS = {
  image: { type: 'string' },
  'default-name': { type: 'string', multiple: true },
  name: { type: 'string', multiple: true },
  platform: { type: 'string', default: machinePlatform() },
  to: { type: 'string', default: 'docker' },
  address: { type: 'string', default: '/run/containerd/containerd.sock' },
  namespace: { type: 'string', default: 'k8s.io' },
  ctr: { type: 'string', default: 'ctr' },
  'all-layers': { type: 'boolean', default: false },
  'no-unpack': { type: 'boolean', default: false },
} as const;

await runMain(async ({ argv, env, signal }) => {
  const values = parse(argv);
  const names = values.name ?? values['default-name'] ?? [];
  const root = env['RUNFILES_DIR'] ?? '';
  if (values.image === undefined) throw usage('--image is missing');
  const built = await readImageOrIndex(values.image, (name) => `${root}/${name}`);
  const image = await imageForPlatform(built, values.platform);
  const common = { image, names, allLayers: values['all-layers'] };
  const load = () => {
    switch (values.to) {
      case 'docker':
        return loadDocker(new DockerApi(dockerAddress(env['DOCKER_HOST']), signal), common);
      case 'containerd':
        return loadContainerd({
          ...common,
          address: userPath(values.address, env),
          namespace: values.namespace,
          // A path, or a program on PATH.
          ctr: values.ctr.includes('/') ? userPath(values.ctr, env) : values.ctr,
          unpack: !values['no-unpack'],
          signal,
        });
      default:
        throw usage(`--to is ${values.to}, not docker or containerd`);
    }
  };
  const log = createLog();
  const { sentLayers, presentLayers } = await step(`Loading ${image.repository} into ${values.to}`, load, { log });
  log.info(`${sentLayers} layers sent, ${presentLayers} were there`);
  process.stdout.write(`${names.join('\n')}\n`);
});

function parse(argv: readonly string[]) {
  try {
    return parseArgs({ args: [...argv], options: OPTIONS }).values;
  } catch (error) {
    throw usage(error instanceof Error ? error.message : String(error));
  }
}

function usage(problem: string): ToolError {
  return new ToolError('OCI_USAGE', `Loading an image: ${problem}`, {
    hint: 'Run an oci_load target: `bazel run //services/x:load -- --to containerd`.',
  });
}
