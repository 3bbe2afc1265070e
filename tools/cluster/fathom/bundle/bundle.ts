// `./fathom bundle`: what a report of a defect needs, in one file, whatever state the cluster is in.
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { formatBytes, step } from '../../../lib/log.ts';
import { clusterFolder, readClusterState, type ClusterState } from '../../../lib/state.ts';
import { personalNamespace } from '../../../lib/user.ts';
import { runningInit } from '../../embedded/init_record.ts';
import { layoutOf } from '../../embedded/layout.ts';
import { contextName } from '../../embedded/plan.ts';
import { recordedProvider, type Provider } from '../../provider.ts';
import { CLUSTER } from '../cluster_name.ts';
import type { CommandContext } from '../fathom_main.ts';
import { settingsOf } from '../k3d_commands.ts';
import { clusterOptions } from '../options.ts';
import { onPath } from '../packages.ts';
import { archiveOf, writeNew } from './archive.ts';
import { Collection } from './collection.ts';
import { collectKubernetes, type Access } from './kubernetes.ts';
import { collectMachine, collectOwn } from './machine.ts';
import { hideEnvironment } from './scrub.ts';
import { collectNetwork, collectState } from './state.ts';

const DEADLINE_MS = 300_000;

/** Collects and writes the bundle, and says what is in it. Throws BUNDLE_OUTPUT. */
export async function bundleCommand(context: CommandContext): Promise<number> {
  const { env, log } = context;
  const { output } = clusterOptions('bundle', context, ['output']);
  const nowMs = Date.now();
  const name = `fathom-bundle-${new Date(nowMs).toISOString().slice(0, 19).replaceAll(/[-:]/g, '').replace('T', '-')}`;
  const path = output === undefined ? join(tmpdir(), `${name}.tar.gz`) : resolve(output);
  const signal = AbortSignal.any([context.signal, AbortSignal.timeout(DEADLINE_MS)]);
  const bundle = new Collection({ env, signal });
  hideEnvironment(env);
  await step('Collecting', () => collect(bundle, { ...context, signal }), { log });
  context.signal.throwIfAborted();
  const files = bundle.files();
  const content = await archiveOf(name, files, nowMs);
  await writeNew(path, content);
  process.stdout.write(summary(path, { bytes: content.length, files, problems: bundle.problemCount }));
  return 0;
}

async function collect(bundle: Collection, context: CommandContext): Promise<void> {
  const { env } = context;
  const folder = clusterFolder(CLUSTER, env);
  const state = await readClusterState(CLUSTER, env).catch((error: unknown) => bundle.note('cluster.json', error));
  const provider = await recordedProvider(CLUSTER, env);
  await collectMachine(bundle, context);
  await collectOwn(bundle, 'doctor');
  if (provider === 'existing') bundle.note('status', 'left out: `./fathom status` would build the program that looks');
  else await collectOwn(bundle, 'status');
  await collectState(bundle, folder);
  await collectNetwork(bundle, folder);
  if (provider === 'k3d') await collectDocker(bundle);
  const access = await accessOf(provider, state ?? undefined, env);
  if (typeof access === 'string') bundle.note('kubernetes', access);
  else await collectKubernetes(bundle, access);
}

/** How the cluster is asked, or why it can't be. */
async function accessOf(
  provider: Provider | undefined,
  state: ClusterState | undefined,
  env: CommandContext['env'],
): Promise<Access | string> {
  const layout = layoutOf(clusterFolder(CLUSTER, env));
  const kubeconfig = state?.kubeconfig ?? layout.kubeconfig;
  if (provider === undefined || !existsSync(kubeconfig)) return 'there is no cluster to ask';
  const flags = [`--kubeconfig=${kubeconfig}`, `--context=${contextName(CLUSTER)}`];
  if (provider === 'embedded') {
    if ((await runningInit(layout)) === undefined) return 'the cluster is stopped';
    return { kubectl: [join(layout.kit, 'bin', 'kubernetes'), 'kubectl', ...flags], namespaces: 'all' };
  }
  const kubectl = onPath('kubectl', env);
  if (kubectl === undefined) return 'there is no kubectl on PATH to ask it with';
  if (provider === 'k3d') return { kubectl: [kubectl, ...flags], namespaces: 'all' };
  // What else runs there is nobody's business.
  const own = personalNamespace({ env, reserved: ['prod', 'staging', 'dev'] });
  return { kubectl: [kubectl, ...flags], namespaces: [own] };
}

async function collectDocker(bundle: Collection): Promise<void> {
  const { name } = settingsOf(undefined);
  const options = { mayFail: true, timeoutMs: 20_000 };
  await bundle.command('docker/info.txt', ['docker', 'info'], options);
  const filter = `--filter=label=k3d.cluster=${name}`;
  await bundle.command('docker/containers.txt', ['docker', 'ps', '--all', filter], options);
  await bundle.part('docker', async () => {
    const names = await bundle.output(['docker', 'ps', '--all', filter, '--format={{.Names}}'], options);
    for (const container of names.trim().split(/\s+/).filter(Boolean)) {
      await bundle.command(`docker/${container}.log`, ['docker', 'logs', '--tail=5000', container], options);
    }
  });
}

interface Summary {
  readonly bytes: number;
  readonly files: ReadonlyMap<string, string>;
  readonly problems: number;
}

function summary(path: string, { bytes, files, problems }: Summary): string {
  const groups = new Map<string, { count: number; bytes: number }>();
  for (const [name, text] of files) {
    const [top = '', ...rest] = name.split('/');
    const key = rest.length === 0 ? name : `${top}/`;
    const group = groups.get(key) ?? { count: 0, bytes: 0 };
    groups.set(key, { count: group.count + 1, bytes: group.bytes + Buffer.byteLength(text) });
  }
  const rows = [...groups].map(
    ([name, group]) =>
      `  ${name.padEnd(14)} ${group.count === 1 ? '' : `${group.count} files, `}${formatBytes(group.bytes)}`,
  );
  const missing = problems === 0 ? '' : `What could not be collected (${problems}) is in errors.txt.\n`;
  return (
    `Wrote ${path}, ${formatBytes(bytes)}:\n${rows.join('\n')}\n${missing}` +
    'Left out are keys, kubeconfigs and Secrets; what looks like a credential is ***. Names, addresses and paths are in it.\n' +
    `Look through it before you send it: tar -xzf ${path} -C FOLDER\n`
  );
}
