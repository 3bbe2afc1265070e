// `./fathom doctor`: each thing that the machine needs, whether it is there, and how to mend it.
import { spawnSync } from 'node:child_process';
import { ToolError } from '../../lib/errors.ts';
import { cacheRoot, clusterFolder, readClusterState } from '../../lib/state.ts';
import { lookAtMachine, type Finding } from '../embedded/preflight.ts';
import { readResolver, lookAtResolver } from '../embedded/resolver.ts';
import { recordedProvider, type Provider } from '../provider.ts';
import { CLUSTER } from './cluster_name.ts';
import { knownPast, lookAtClock } from './doctor/clock.ts';
import { lookAtExisting } from './doctor/existing.ts';
import { lookAtK3d } from './doctor/k3d.ts';
import { lookAtMirrors, mirrorHosts } from './doctor/mirrors.ts';
import { lookAtRecordedPort } from './doctor/ports.ts';
import type { CommandContext } from './fathom_main.ts';
import { clusterOptions } from './options.ts';
import { BUILD_PREREQUISITES, onPath, PREREQUISITES, type Prerequisite } from './packages.ts';
import { chooseProvider } from './provider.ts';

/** Prints a line for each check; resolves to 1 if anything has to be mended. */
export async function doctor(context: CommandContext): Promise<number> {
  const { env, root } = context;
  const options = clusterOptions('doctor', context, ['provider']);
  const { provider, why } = await chooseProvider(CLUSTER, env, options.provider);
  const findings = [
    ...programs(env, provider === 'embedded' ? PREREQUISITES : BUILD_PREREQUISITES),
    lookAtClock(Date.now(), await knownPast(root, clusterFolder(CLUSTER, env))),
    ...(await lookFor(provider, env)),
    await lookAtMirrors(mirrorHosts(env)),
  ];
  process.stdout.write(`provider ${provider}: ${why}\n`);
  for (const { what, ok, isNote, say } of findings) {
    process.stdout.write(`${ok ? 'ok     ' : isNote === true ? 'note   ' : 'missing'} ${what}: ${say}\n`);
  }
  const bad = findings.filter(({ ok, isNote }) => !ok && isNote !== true).length;
  process.stdout.write(bad === 0 ? 'All is there.\n' : `${bad} to mend.\n`);
  return bad === 0 ? 0 : 1;
}

async function lookFor(provider: Provider, env: CommandContext['env']): Promise<readonly Finding[]> {
  const folder = clusterFolder(CLUSTER, env);
  if (provider === 'embedded') return [...lookAtMachine(folder), await lookAtRecordedPort(folder)];
  const isThere = (await recordedProvider(CLUSTER, env)) !== undefined;
  const own = provider === 'k3d' ? await lookAtK3d(env, { isThere }) : await lookAtExistingState(env);
  return [...own, lookAtResolver(readResolver())];
}

async function lookAtExistingState(env: CommandContext['env']): Promise<readonly Finding[]> {
  try {
    return await lookAtExisting(env, await readClusterState(CLUSTER, env));
  } catch (error) {
    if (!(error instanceof ToolError)) throw error;
    return [{ what: 'recorded cluster', ok: false, say: `${error.message}. ${error.hint ?? ''}` }];
  }
}

function programs(env: CommandContext['env'], wanted: readonly Prerequisite[]): readonly Finding[] {
  const hasPip = spawnSync('python3', ['-m', 'pip', '--version'], { env: { ...env } }).status === 0;
  return wanted
    .map((one): Finding => {
      const ok = one.present(env) || (one.package === 'python3-pip' && hasPip);
      return {
        what: one.what,
        ok,
        say: ok ? one.why : `${one.why}. Run \`apt-get install ${one.package}\`, or \`./fathom up\`, which does.`,
      };
    })
    .concat(npm(env));
}

function npm(env: CommandContext['env']): Finding {
  const found = onPath('npm', env);
  return {
    what: 'npm',
    ok: found !== undefined,
    say: found ?? `fetches packages. Run \`sh tools/cluster/fathom/install_node.sh ${cacheRoot(env)}\`.`,
  };
}
