// Where a registry is reached, and how.
import type { RegistryState } from '../../lib/state.ts';
import { endpointOf } from './reference.ts';

/**
 * The address of the registry that references call `registry`. A cluster's own is where the cluster's state says;
 * plain http is for the endpoint in the state file and nowhere else.
 */
export function registryAddress(
  registry: string,
  state: RegistryState | undefined,
): { readonly endpoint: string; readonly plainHttp: boolean } {
  if (state !== undefined && (registry === state.reference || registry === state.endpoint)) return state;
  return { endpoint: endpointOf(registry), plainHttp: false };
}
