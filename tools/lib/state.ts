// The state folder of a cluster: where `up` records what every other command reads.
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { ToolError, errorText, systemErrorCode } from './errors.ts';

/** How to reach a cluster and its registry: `<state>/<cluster>/cluster.json`. */
export interface ClusterState {
  readonly version: 1;
  /** The cluster's name; its kube context is `fathom-<name>`. */
  readonly name: string;
  readonly provider: 'embedded' | 'k3d' | 'existing';
  /** Absolute path of the kubeconfig, mode 0600. */
  readonly kubeconfig: string;
  /** Absent where the cluster has no registry of ours. */
  readonly registry?: RegistryState;
}

/** The registry's fixed name in manifests, and where this machine reaches it. */
export interface RegistryState {
  /** The name in manifests and pins: `registry.fathom.internal`. */
  readonly reference: string;
  /** `host:port` seen from this machine. */
  readonly endpoint: string;
  /** Whether the endpoint speaks plain http. Allowed for the endpoint in this file and nowhere else. */
  readonly plainHttp: boolean;
}

type Env = Readonly<Record<string, string | undefined>>;

/** The folder of all clusters: FATHOM_STATE, else XDG_STATE_HOME/fathom, else ~/.local/state/fathom. */
export function stateRoot(env: Env = process.env): string {
  if (env['FATHOM_STATE']) return env['FATHOM_STATE'];
  const home = env['HOME'] || homedir();
  return join(env['XDG_STATE_HOME'] || join(home, '.local', 'state'), 'fathom');
}

/** The folder of caches that may be lost: FATHOM_CACHE, else XDG_CACHE_HOME/fathom, else ~/.cache/fathom. */
export function cacheRoot(env: Env = process.env): string {
  if (env['FATHOM_CACHE']) return env['FATHOM_CACHE'];
  const home = env['HOME'] || homedir();
  return join(env['XDG_CACHE_HOME'] || join(home, '.cache'), 'fathom');
}

/** The folder of one cluster. Throws STATE_BAD_NAME for a name that is no DNS label. */
export function clusterFolder(cluster: string, env: Env = process.env): string {
  if (!/^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$/.test(cluster)) {
    throw new ToolError(
      'STATE_BAD_NAME',
      `Naming cluster '${cluster}': must be 1–40 lower-case letters, digits or dashes`,
      {
        hint: 'Choose a name such as "fathom".',
      },
    );
  }
  return join(stateRoot(env), cluster);
}

/** The state of a cluster, or undefined where it was never brought up. Throws STATE_UNREADABLE, STATE_FORBIDDEN, STATE_VERSION. */
export async function readClusterState(cluster: string, env: Env = process.env): Promise<ClusterState | undefined> {
  const path = join(clusterFolder(cluster, env), 'cluster.json');
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    const code = systemErrorCode(error);
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw unreadable(path, error);
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw unreadable(path, error);
  }
  requireVersion(path, value, 1);
  if (!isClusterState(value)) throw unreadable(path, new Error('it has not the expected fields'));
  return value;
}

/** Writes a cluster's state, so that a reader sees the old or the new one, never half of one. */
export async function writeClusterState(state: ClusterState, env: Env = process.env): Promise<void> {
  const path = join(clusterFolder(state.name, env), 'cluster.json');
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const draft = `${path}.${process.pid}.draft`;
  await writeFile(draft, `${JSON.stringify(state, null, 2)}\n`, { mode: 0o600 });
  await rename(draft, path);
}

/** Throws STATE_VERSION when `value`, the content of the file at `path`, names another version than `known`. */
export function requireVersion(path: string, value: unknown, known: number): void {
  const version = typeof value === 'object' && value !== null && 'version' in value ? value.version : undefined;
  if (version === known || typeof version !== 'number') return;
  const age = version > known ? 'newer' : 'older';
  throw new ToolError(
    'STATE_VERSION',
    `Reading ${path}: it is of version ${version}, and this Fathom reads version ${known}`,
    {
      hint: `Use the ${age} checkout that wrote it, or give the cluster and its data up: \`./fathom down\`, then \`./fathom up\`.`,
    },
  );
}

/** The error of a state that this user may not read; undefined: that is not what is wrong. */
export function forbidden(path: string, cause: unknown): ToolError | undefined {
  const code = systemErrorCode(cause);
  if (code !== 'EACCES' && code !== 'EPERM') return undefined;
  return new ToolError('STATE_FORBIDDEN', `Reading ${path}: ${code}: it is another user's`, {
    cause,
    hint: 'Run this as the user who started the cluster (sudo, if it was root).',
  });
}

function unreadable(path: string, cause: unknown): ToolError {
  const notAllowed = forbidden(path, cause);
  if (notAllowed !== undefined) return notAllowed;
  return new ToolError('STATE_UNREADABLE', `Reading cluster state ${path}: ${errorText(cause)}`, {
    cause,
    hint: 'Put a copy of it back, or give the cluster and its data up: `./fathom down`, then `./fathom up`.',
  });
}

function isClusterState(value: unknown): value is ClusterState {
  if (typeof value !== 'object' || value === null) return false;
  const state = value as Partial<Record<keyof ClusterState, unknown>>;
  return (
    state.version === 1 &&
    typeof state.name === 'string' &&
    typeof state.kubeconfig === 'string' &&
    typeof state.provider === 'string' &&
    (state.registry === undefined || isRegistryState(state.registry))
  );
}

function isRegistryState(value: unknown): value is RegistryState {
  if (typeof value !== 'object' || value === null) return false;
  const registry = value as Partial<Record<keyof RegistryState, unknown>>;
  return (
    typeof registry.reference === 'string' &&
    typeof registry.endpoint === 'string' &&
    typeof registry.plainHttp === 'boolean'
  );
}
