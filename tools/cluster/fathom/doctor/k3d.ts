// What provider k3d needs: a Docker that answers and has cgroups, a k3d that is new enough, two ports.
import type { Finding } from '../../embedded/preflight.ts';
import { settingsOf } from '../k3d_commands.ts';
import { lookAtFixedPorts } from './ports.ts';
import { ask } from './program.ts';

type Env = Readonly<Record<string, string | undefined>>;

const OLDEST_K3D = [5, 7] as const;

/** Looks at everything; of a cluster that is there (`isThere`) the ports are its own. */
export async function lookAtK3d(env: Env, { isThere }: { readonly isThere: boolean }): Promise<readonly Finding[]> {
  const { apiPort, registryPort } = settingsOf(undefined);
  return [
    ...lookAtDocker(env),
    lookAtK3dVersion(env),
    ...(isThere ? [] : [await lookAtFixedPorts([apiPort, registryPort])]),
  ];
}

/** The part of `docker info` that matters here. */
interface DockerInfo {
  readonly ServerVersion?: string;
  readonly CgroupDriver?: string;
  readonly CgroupVersion?: string;
  readonly SecurityOptions?: readonly string[] | null;
  readonly ServerErrors?: readonly string[] | null;
}

function lookAtDocker(env: Env): readonly Finding[] {
  const what = 'docker';
  const { ok, stdout, why } = ask(env, 'docker', 'info', '--format={{json .}}');
  if (ok === undefined) return [{ what, ok: false, say: `${why}. Install Docker, or choose --provider=embedded.` }];
  const info = parse(stdout);
  const broken = info?.ServerErrors?.[0] ?? (info?.ServerVersion ? undefined : why);
  if (!ok || info === undefined || broken !== undefined) {
    const say =
      `its daemon does not answer: ${broken ?? why}. Start it (\`systemctl start docker\`), or get the right to ask it: ` +
      '`usermod -aG docker NAME`, then log in again.';
    return [{ what, ok: false, say }];
  }
  const isRootless = info.SecurityOptions?.some((one) => one.includes('rootless')) === true;
  return [
    { what, ok: true, say: `version ${info.ServerVersion}${isRootless ? ', rootless' : ''}` },
    lookAtCgroup(info, isRootless),
  ];
}

/** k3s runs kubelets, which want cgroups of their own. */
function lookAtCgroup(
  { CgroupDriver: driver = 'none', CgroupVersion: version = '1' }: DockerInfo,
  isRootless: boolean,
) {
  const what = "docker's cgroups";
  if (driver === 'none' || (isRootless && version !== '2')) {
    const say =
      'a rootless Docker needs cgroup version 2, delegated to the user by systemd (cpu, cpuset, io, memory, pids): ' +
      'boot with systemd.unified_cgroup_hierarchy=1 and set Delegate= for user@.service, or use a Docker of root.';
    return { what, ok: false, say };
  }
  return { what, ok: true, say: `version ${version}, by ${driver}` };
}

function lookAtK3dVersion(env: Env): Finding {
  const what = 'k3d';
  const oldest = OLDEST_K3D.join('.');
  const { ok, stdout, why } = ask(env, 'k3d', 'version');
  const install = `Install k3d ${oldest} or newer, or choose --provider=embedded.`;
  if (ok !== true) return { what, ok: false, say: `${why}. ${install}` };
  const [, major = '', minor = '', rest = ''] = /^k3d version v?(\d+)\.(\d+)(\S*)/m.exec(stdout) ?? [];
  if (major === '') return { what, ok: false, isNote: true, say: `it does not tell its version. ${install}` };
  const isNew = Number(major) > OLDEST_K3D[0] || (Number(major) === OLDEST_K3D[0] && Number(minor) >= OLDEST_K3D[1]);
  const version = `version ${major}.${minor}${rest}`;
  return { what, ok: isNew, say: isNew ? version : `${version} is too old. ${install}` };
}

function parse(text: string): DockerInfo | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}
