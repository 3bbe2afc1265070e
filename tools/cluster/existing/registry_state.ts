// Which registry goes with a cluster that others run, from the command line. Pure.
import { ToolError } from '../../lib/errors.ts';
import type { RegistryState } from '../../lib/state.ts';
import { checkEndpoint, endpointOf } from '../../oci/registry/reference.ts';

/**
 * `reference` is its name in manifests; `endpoint` is where this machine reaches it: `host:port` by TLS, or
 * `http://host:port`. Throws CLUSTER_REGISTRY.
 */
export function registryState(reference: string, endpoint?: string): RegistryState {
  const [, scheme = 'https', host = ''] = /^(?:(https?):\/\/)?(.*?)\/?$/.exec(endpoint ?? endpointOf(reference)) ?? [];
  for (const [flag, value] of [
    ['registry', reference],
    ['registry-endpoint', host],
  ] as const) {
    try {
      checkEndpoint(value);
    } catch (cause) {
      throw new ToolError('CLUSTER_REGISTRY', `Reading --${flag}: '${value}' is no host with an optional port`, {
        cause,
        hint: 'Name the host alone, such as --registry=registry.example.com; repositories come from the packages.',
      });
    }
  }
  return { reference, endpoint: host, plainHttp: scheme === 'http' };
}
