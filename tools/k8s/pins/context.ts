// What every command on pins works with.
import { ToolError } from '../../lib/errors.ts';
import type { Log } from '../../lib/log.ts';
import { type RegistryState } from '../../lib/state.ts';
import {
  type Place,
  type RegistryAddress,
  RegistryConnectionError,
  openRegistry,
  registryAddress,
} from '../../oci/index.ts';
import { registryDown, registryState } from '../deploy/cluster_registry.ts';
import type { PinEnvironment, ServicePins } from './config.ts';
import type { PinsOptions } from './options.ts';
import type { PinsPlace } from './pins_store.ts';

export interface PinsContext {
  readonly services: readonly ServicePins[];
  readonly options: PinsOptions;
  /** The folder of the checkout. */
  readonly workspace: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly log: Log;
  readonly signal: AbortSignal;
  /** Turns runfiles paths into files. */
  readonly resolve: (runfilesPath: string) => string;
  /** A line of results. */
  readonly print: (line: string) => void;
}

/** Where a service's pins are. */
export function placeOf({ workspace }: Pick<PinsContext, 'workspace'>, { file }: ServicePins): PinsPlace {
  return { workspace, file };
}

/** The folder of the checkout from which `bazel run` started this. Throws K8S_GIT_UNKNOWN. */
export function workspaceOf(env: PinsContext['env']): string {
  const folder = env['BUILD_WORKSPACE_DIRECTORY'];
  if (folder !== undefined && folder !== '') return folder;
  throw new ToolError('K8S_GIT_UNKNOWN', 'Finding the checkout: it is not known which workspace this is of', {
    hint: 'Start it with `bazel run`.',
  });
}

/** How this machine reaches the registry of an environment, and whether that is the cluster's own. */
export interface EnvironmentRegistry extends RegistryAddress {
  readonly registry: string;
  readonly state: RegistryState | undefined;
}

/** Throws K8S_REGISTRY_UNKNOWN. */
export async function registryOf(
  { registry, cluster }: PinEnvironment,
  { env }: Pick<PinsContext, 'env'>,
): Promise<EnvironmentRegistry> {
  const state = await registryState({ cluster, env });
  const { endpoint, plainHttp } = registryAddress(registry, state);
  return { endpoint, plainHttp, registry, state };
}

/** Asks a registry. Throws what it answers, and K8S_REGISTRY_DOWN where a cluster's own does not answer. */
export async function askRegistry<T>(
  registry: EnvironmentRegistry,
  { signal }: Pick<PinsContext, 'signal'>,
  ask: (placeOf: (repository: string) => Place) => Promise<T>,
): Promise<T> {
  const transport = openRegistry(registry, { signal });
  try {
    return await ask((repository) => ({ transport, repository }));
  } catch (error) {
    throw explainDown(error, registry);
  } finally {
    transport.close();
  }
}

/** The error of a registry that does not answer, with what puts it back where that is known. */
export function explainDown(error: unknown, { endpoint, state }: EnvironmentRegistry): unknown {
  return error instanceof RegistryConnectionError && endpoint === state?.endpoint ? registryDown(error) : error;
}
