// Brings a k3d cluster up: writes its files, carries the steps out, and records how tools reach it.
import { readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { digestOfFile } from '../../lib/digest.ts';
import { ToolError } from '../../lib/errors.ts';
import { step, type Log } from '../../lib/log.ts';
import { writeClusterState } from '../../lib/state.ts';
import { withLock } from '../embedded/lock.ts';
import { contextName } from '../embedded/plan.ts';
import { apiErrorText, connectKube, probeApi } from '../kube.ts';
import { ownKubeconfig } from '../own_kubeconfig.ts';
import { claimFolder } from '../state_folder.ts';
import { until } from '../until.ts';
import { k3dConfig, registriesYaml } from './config.ts';
import { k3dFiles } from './files.ts';
import { runSteps } from './run.ts';
import { k3dSettings, LOOPBACK } from './settings.ts';
import { upSteps } from './steps.ts';

/** Options of {@link upK3d}. */
export interface UpK3dOptions {
  readonly name: string;
  /** The cluster's state folder. */
  readonly folder: string;
  /** The registry's name in manifests. */
  readonly registry: string;
  /** The image of the registry, as a file. */
  readonly tar: string;
  /** Default: as many as it has, 1 for a new one. */
  readonly nodes?: number;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly log: Log;
  readonly signal: AbortSignal;
}

/** Brings the cluster up; harmless when it is up. Throws K3D_CHANGED, and what a step throws. */
export async function upK3d(
  options: UpK3dOptions,
): Promise<{ readonly kubeconfig: string; readonly endpoint: string }> {
  const { name, folder, registry, tar, log, signal } = options;
  const nodes = options.nodes ?? (await knownNodes(join(folder, 'k3d.yaml')));
  const settings = k3dSettings({ name, registry, ...(nodes === undefined ? {} : { nodes }) });
  const files = k3dFiles(settings, { folder, tar, digest: await digestOfFile(tar) });
  const kubeconfig = join(folder, 'kubeconfig');
  const endpoint = `${LOOPBACK}:${settings.registryPort}`;
  const [programs, ...steps] = upSteps(settings, files);
  return withLock(folder, async () => {
    // Where there is nothing to work with, nothing is left behind that says who runs the cluster.
    if (programs !== undefined) await runSteps([programs], options);
    await claimFolder(folder);
    await writeConfig(files.config, k3dConfig(settings));
    await writeFile(join(folder, 'registries.yaml'), registriesYaml(settings));
    await runSteps(steps, options);
    const own = ownKubeconfig(await readFile(files.kubeconfig, 'utf8'), {
      name: contextName(name),
      file: files.kubeconfig,
      folder,
    });
    await writeFile(kubeconfig, own, { mode: 0o600 });
    await rm(files.kubeconfig);
    await writeClusterState(
      { version: 1, name, provider: 'k3d', kubeconfig, registry: { reference: registry, endpoint, plainHttp: true } },
      { FATHOM_STATE: dirname(folder) },
    );
    const kube = connectKube(kubeconfig, contextName(name));
    const what = 'Waiting for the API server';
    const hint = `Look at \`docker logs k3d-${name}-serverlb\`: it leads from ${LOOPBACK}:${settings.apiPort} to the API.`;
    await step(
      what,
      () => until(() => probeApi(kube), { what, timeoutMs: 60_000, signal, hint, textOf: apiErrorText }),
      { log },
    );
    return { kubeconfig, endpoint };
  });
}

async function knownNodes(config: string): Promise<number | undefined> {
  const agents = /^agents: (\d+)$/m.exec(await readFile(config, 'utf8').catch(() => ''))?.[1];
  return agents === undefined ? undefined : Number(agents) + 1;
}

/** A cluster can't be given another configuration, and is not to be deleted without being asked. */
async function writeConfig(path: string, text: string): Promise<void> {
  const known = await readFile(path, 'utf8').catch(() => text);
  if (known !== text) {
    throw new ToolError(
      'K3D_CHANGED',
      `Starting the cluster: it was made from another configuration than now (${path})`,
      {
        hint: 'Run `./fathom down --provider=k3d`, which deletes it with all that is in it, then `./fathom up --provider=k3d`.',
      },
    );
  }
  await writeFile(path, text);
}
