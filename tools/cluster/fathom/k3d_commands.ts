// `./fathom up`, `down` and `status` with provider k3d.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { digestOfFile } from '../../lib/digest.ts';
import { clusterFolder } from '../../lib/state.ts';
import { downK3d } from '../k3d/down.ts';
import { k3dFiles, REGISTRY_TARBALL, shownDown, shownUp } from '../k3d/files.ts';
import { k3dSettings, type K3dSettings } from '../k3d/settings.ts';
import { statusCommands } from '../k3d/status.ts';
import { shown } from '../k3d/step.ts';
import { CLUSTER, REGISTRY } from './cluster_name.ts';
import type { CommandContext } from './fathom_main.ts';
import { nodeCount } from '../node_count.ts';
import { runVisibly } from './run.ts';

/** The settings that `./fathom` uses. */
export function settingsOf(nodes: string | undefined): K3dSettings {
  return k3dSettings({
    name: CLUSTER,
    registry: REGISTRY,
    ...(nodes === undefined ? {} : { nodes: nodeCount(nodes) }),
  });
}

/** Prints what `up` would write and run. */
export async function showUpK3d(
  { env, root }: CommandContext,
  settings: K3dSettings,
  isMonitored: boolean,
): Promise<number> {
  const tar = join(root, 'bazel-bin', REGISTRY_TARBALL);
  const digest = existsSync(tar) ? await digestOfFile(tar) : 'DIGEST-OF-THE-FILE';
  const files = k3dFiles(settings, { folder: clusterFolder(CLUSTER, env), tar, digest });
  process.stdout.write(shownUp(settings, files, isMonitored));
  return 0;
}

export async function downK3dCommand(context: CommandContext, dryRun: boolean): Promise<number> {
  const { env, log, signal } = context;
  const folder = clusterFolder(CLUSTER, env);
  if (dryRun) process.stdout.write(shownDown(settingsOf(undefined), folder));
  else await downK3d(settingsOf(undefined), folder, { env, log, signal });
  return 0;
}

export async function statusK3dCommand({ env, root, signal }: CommandContext, dryRun: boolean): Promise<number> {
  for (const command of statusCommands(settingsOf(undefined))) {
    if (dryRun) {
      process.stdout.write(`${shown(command)}\n`);
      continue;
    }
    const [program] = command.argv;
    const options = { cwd: root, env, signal, what: 'Looking at the cluster', hint: `Install ${program}.` };
    if ((await runVisibly(command.argv, options)) !== 0) return 1;
  }
  return 0;
}
