// `./fathom load IMAGE.tar`: an image for all nodes, without a registry between.
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { ToolError } from '../../lib/errors.ts';
import { clusterFolder } from '../../lib/state.ts';
import { loadEmbedded } from '../embedded/load.ts';
import { runSteps } from '../k3d/run.ts';
import { loadSteps } from '../k3d/steps.ts';
import { CLUSTER } from './cluster_name.ts';
import { requireRoot, runningState } from './cluster_commands.ts';
import type { CommandContext } from './fathom_main.ts';
import { settingsOf } from './k3d_commands.ts';

export async function loadCommand({ args, env, signal, log }: CommandContext): Promise<number> {
  const [given = '', ...rest] = args;
  if (given === '' || given.startsWith('-') || rest.length > 0) {
    throw new ToolError('FATHOM_USAGE', 'Reading the arguments of ./fathom load: it takes one, a file', {
      hint: 'Say which: ./fathom load bazel-bin/services/routeguide/server/image.tar.',
    });
  }
  const tar = resolve(given);
  if (!existsSync(tar)) {
    throw new ToolError('CLUSTER_LOAD', `Loading ${tar}: there is no such file`, {
      hint: 'Build one with a target of oci_load, whose default output is the archive.',
    });
  }
  const { provider } = await runningState(env);
  if (provider === 'existing') {
    throw new ToolError('CLUSTER_CANNOT', `Loading ${tar}: the cluster's nodes are others'`, {
      hint: 'Push the image to the registry instead: a verb such as `:myns.apply` does.',
    });
  }
  const what = `Loading ${tar}`;
  if (provider === 'k3d') {
    await runSteps(loadSteps(settingsOf(undefined), tar), { env, log, signal });
    return 0;
  }
  requireRoot(what);
  const references = await loadEmbedded({ folder: clusterFolder(CLUSTER, env), tar, log, signal });
  for (const reference of references) process.stdout.write(`${reference}\n`);
  return 0;
}
