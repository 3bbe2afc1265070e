// `./fathom doctor`: each thing that the machine needs, whether it is there, and how to mend it.
import { spawnSync } from 'node:child_process';
import { cacheRoot, clusterFolder } from '../../lib/state.ts';
import { lookAtMachine, type Finding } from '../embedded/preflight.ts';
import { CLUSTER } from './cluster_name.ts';
import type { CommandContext } from './fathom_main.ts';
import { onPath, PREREQUISITES } from './packages.ts';

/** Prints a line for each check; resolves to 1 if anything has to be mended. */
export async function doctor({ env }: CommandContext): Promise<number> {
  const findings = [...programs(env), ...lookAtMachine(clusterFolder(CLUSTER, env))];
  for (const { what, ok, say } of findings) process.stdout.write(`${ok ? 'ok     ' : 'missing'} ${what}: ${say}\n`);
  const bad = findings.filter((finding) => !finding.ok).length;
  process.stdout.write(bad === 0 ? 'All is there.\n' : `${bad} to mend.\n`);
  return bad === 0 ? 0 : 1;
}

function programs(env: CommandContext['env']): readonly Finding[] {
  const hasPip = spawnSync('python3', ['-m', 'pip', '--version'], { env: { ...env } }).status === 0;
  return PREREQUISITES.map((one) => {
    const ok = one.present(env) || (one.package === 'python3-pip' && hasPip);
    return {
      what: one.what,
      ok,
      say: ok ? one.why : `${one.why}. Run \`apt-get install ${one.package}\`, or \`./fathom up\`, which does.`,
    };
  }).concat(npm(env));
}

function npm(env: CommandContext['env']): Finding {
  const found = onPath('npm', env);
  return {
    what: 'npm',
    ok: found !== undefined,
    say: found ?? `fetches packages. Run \`sh tools/cluster/fathom/install_node.sh ${cacheRoot(env)}\`.`,
  };
}
