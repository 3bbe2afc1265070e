// The two ways from a saved line to a pod that has it.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import type { OwnCluster } from '../../tools/cluster/testing/own_cluster.ts';
import { type Builder, run } from '../builders/builder.ts';
import { type BaseImages, buildBases, writeContext } from './dockerfile.ts';
import { type GreeterWorkspace, NAME, saveLine } from './greeter.ts';

const REFERENCE = 'registry.fathom.internal';
const ROLLOUT_WITHIN = '60s';
const ENDS_WITHIN_MS = 120_000;

/** Somebody who deploys the service. */
export interface Rival {
  readonly name: string;
  readonly namespace: string;
  save(version: string): Promise<void>;
  /** What a developer types; resolves when it has ended well, to what it says of its own times. */
  deploy(version: string): Promise<string>;
}

/** Options of {@link fathomRival}. */
export interface FathomOptions {
  readonly workspace: GreeterWorkspace;
  readonly namespace: string;
}

/** `bazel run` of the verb, with Bazel's server there already. */
export function fathomRival({ workspace, namespace }: FathomOptions): Rival {
  return {
    name: 'fathom',
    namespace,
    save: (version) => saveLine(workspace.root, version),
    deploy: async () => {
      const said = await workspace.bazel('run', '--color=no', '--curses=no', `//services/${NAME}:myns.apply`);
      return said
        .split('\n')
        .filter((line) => /Elapsed time|objects?: .* in .*\(/.test(line))
        .join('; ');
    },
  };
}

/** Options of {@link dockerfileRival}. */
export interface DockerfileOptions {
  readonly builder: Builder;
  readonly workspace: GreeterWorkspace;
  readonly cluster: OwnCluster;
  /** A folder of its own. */
  readonly folder: string;
  readonly namespace: string;
  readonly signal: AbortSignal;
}

/** Build, push, `kubectl set image`, `kubectl rollout status`. */
export async function dockerfileRival(options: DockerfileOptions): Promise<Rival> {
  const { builder, workspace, cluster, folder, namespace, signal } = options;
  const endpoint = `127.0.0.1:${cluster.registryPort}`;
  const bases: BaseImages = { run: `${endpoint}/${namespace}/run:v1`, build: `${endpoint}/${namespace}/build:v1` };
  await buildBases(builder, { workspace, folder: join(folder, 'bases'), bases });
  const context = join(folder, 'context');
  await writeContext(workspace, { context, bases });
  const kubectl = (...args: readonly string[]) => run(...kubectlOf(cluster, args), { env: { ...cluster.env }, signal });
  return {
    name: `${builder.name} and kubectl`,
    namespace,
    save: (version) => saveLine(context, version),
    deploy: async (version) => {
      const image = `${namespace}/${NAME}:${version}`;
      const times: string[] = [];
      const step = async (what: string, work: () => Promise<unknown>) => {
        const startMs = performance.now();
        await work();
        times.push(`${what} ${((performance.now() - startMs) / 1000).toFixed(2)} s`);
      };
      await step('build', () => builder.build(context, `${endpoint}/${image}`));
      await step('push', () => builder.push(`${endpoint}/${image}`));
      const here = ['--namespace', namespace];
      const deployment = [...here, `deployment/${NAME}`];
      await step('set image', () => kubectl('set', 'image', ...deployment, `${NAME}=${REFERENCE}/${image}`));
      await step('rollout status', () => kubectl('rollout', 'status', ...deployment, `--timeout=${ROLLOUT_WITHIN}`));
      return times.join(', ');
    },
  };
}

function kubectlOf(cluster: OwnCluster, args: readonly string[]): readonly [string, readonly string[]] {
  const program = join(cluster.folder, 'kit/bin/kubernetes');
  return [program, ['kubectl', '--kubeconfig', join(cluster.folder, 'kubeconfig'), ...args]];
}

/** Creates in another namespace what Fathom has rendered for its own. */
export function copyManifests(
  cluster: OwnCluster,
  manifests: string,
  { from, to }: { readonly from: string; readonly to: string },
) {
  cluster.kubectl(['create', 'namespace', to]);
  cluster.kubectl(['apply', '--server-side', '-f', '-'], manifests.replaceAll(from, to));
  cluster.kubectl(['rollout', 'status', '--namespace', to, `deployment/${NAME}`, `--timeout=${ROLLOUT_WITHIN}`]);
}

/** The manifests with the digests of what was built. */
export async function resolved(workspace: GreeterWorkspace, env: NodeJS.ProcessEnv): Promise<string> {
  const child = spawn(join(workspace.bin, `services/${NAME}/myns.resolve`), [], {
    cwd: workspace.root,
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
    timeout: ENDS_WITHIN_MS,
  });
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (part: string) => (text += part));
  const status = await new Promise<number | null>((resolve, reject) => child.on('error', reject).on('close', resolve));
  if (status !== 0) throw new Error(`myns.resolve ends with ${status}`);
  return text;
}
