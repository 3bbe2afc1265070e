// A service in a git repository of its own, with images as a build makes them, for tests of what is done about pins.
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type Git, gitIn } from '../../../lib/git.ts';
import { type Digest } from '../../../lib/digest.ts';
import type { OciImage } from '../../../oci/index.ts';
import { layeredImage } from '../../../oci/testing/sample_image.ts';
import { type Pins, parsePins } from '../../model/pins.ts';
import type { PinEnvironment, ServicePins } from '../config.ts';
import type { PinsContext } from '../context.ts';
import { type Command, parseOptions } from '../options.ts';

export const REPOSITORY = 'services/x';
export const PINS = 'services/x/pins.json';

/** The environments of the test: dev and staging share a registry, prod has one of its own. */
export const ENVIRONMENTS: readonly PinEnvironment[] = [
  { name: 'dev', registry: 'registry.test', cluster: 'one', from: '' },
  { name: 'staging', registry: 'registry.test', cluster: 'one', from: 'dev' },
  { name: 'prod', registry: 'registry.prod', cluster: 'two', from: 'staging' },
];

export interface TestService extends AsyncDisposable {
  readonly folder: string;
  /** The checkout. */
  readonly workspace: string;
  readonly git: Git;
  /** What was printed. */
  readonly printed: string[];
  /** What was logged. */
  readonly logged: string[];
  /** Says where the registry of a cluster is. */
  setRegistry(cluster: string, reference: string, endpoint: string): Promise<void>;
  /** Makes another image the one that was just built, and gives its digest. */
  build(text: string): Promise<Digest>;
  /** Writes a file and commits it. */
  commit(file: string, text: string, subject?: string): Promise<string>;
  context(command: Command, ...args: readonly string[]): PinsContext;
  pins(): Promise<Pins>;
}

const SBOM = 'application/spdx+json';

export async function testService(): Promise<TestService> {
  const folder = await mkdtemp(join(tmpdir(), 'fathom-pins-'));
  const workspace = join(folder, 'src');
  const write = async (path: string, text: string) => {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, text);
  };
  const env = {
    ...process.env,
    HOME: folder,
    FATHOM_STATE: join(folder, 'state'),
    BUILD_WORKSPACE_DIRECTORY: workspace,
    GIT_CONFIG_NOSYSTEM: '1',
  };
  await write(join(folder, '.gitconfig'), '[user]\n\tname = Test\n\temail = test@test.test\n');
  await write(join(workspace, PINS), '{}\n');
  const git = gitIn(workspace, { env });
  await git('init', '--quiet', '--initial-branch=main');
  const printed: string[] = [];
  const logged: string[] = [];
  const service: ServicePins = {
    version: 1,
    label: '//services/x:pins',
    package: 'services/x',
    file: PINS,
    images: [{ repository: REPOSITORY, label: '//services/x:image', entry: 'x/image.json' }],
    environments: ENVIRONMENTS,
    sources: ['services/x', 'lib'],
  };
  const commit = async (file: string, text: string, subject = `change ${file}`) => {
    await write(join(workspace, file), text);
    await git('add', '--all');
    await git('commit', '--quiet', '--message', subject);
    return git('rev-parse', 'HEAD');
  };
  await commit('services/x/main.ts', 'one', 'the first commit');
  return {
    folder,
    workspace,
    git,
    printed,
    logged,
    setRegistry: (cluster, reference, endpoint) =>
      write(
        join(folder, 'state', cluster, 'cluster.json'),
        JSON.stringify({
          ...{ version: 1, name: cluster, provider: 'embedded', kubeconfig: '/none' },
          registry: { reference, endpoint, plainHttp: true },
        }),
      ),
    build: async (text) => {
      const place = join(folder, 'images', text);
      await mkdir(place, { recursive: true });
      const image = await layeredImage(place, 'x', [Buffer.from(text)]);
      const sbom = join(place, 'sbom.json');
      await writeFile(sbom, JSON.stringify({ about: image.manifest.digest }));
      await write(join(folder, 'x/image.json'), entryOf(image, sbom));
      return image.manifest.digest;
    },
    commit,
    context: (command, ...args) => ({
      services: [service],
      options: parseOptions(command, args),
      workspace,
      env,
      log: { info: (line) => logged.push(line), warn: (line) => logged.push(line), error: (line) => logged.push(line) },
      signal: AbortSignal.timeout(60_000),
      resolve: (path) => (path.startsWith('/') ? path : join(folder, path)),
      print: (line) => printed.push(line),
    }),
    pins: async () => parsePins(await readFile(join(workspace, PINS), 'utf8'), PINS),
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  };
}

/** An image.json. */
function entryOf({ manifest, config, layers }: OciImage, sbom: string): string {
  const artifacts = [{ artifactType: SBOM, mediaType: SBOM, path: sbom }];
  return JSON.stringify({ version: 1, repository: REPOSITORY, manifest, config, layers, artifacts });
}
