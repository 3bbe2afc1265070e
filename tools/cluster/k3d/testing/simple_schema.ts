// What k3d lets a config file of apiVersion k3d.io/v1alpha5 and kind Simple say, as a JSON schema of our own: the fields
// of https://k3d.io/stable/usage/configfile/, and the rules that k3d has beside its schema.
interface Schema {
  readonly [keyword: string]: unknown;
}

const string: Schema = { type: 'string' };
const boolean: Schema = { type: 'boolean' };
const strings: Schema = { type: 'array', items: string };
const hostname: Schema = {
  type: 'string',
  pattern: '^[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?(\\.[A-Za-z0-9-]{1,63})*$',
};
const ipv4: Schema = { type: 'string', pattern: '^((25[0-5]|2[0-4]\\d|1?\\d?\\d)(\\.|$)){4}$' };
const count = (minimum: number): Schema => ({ type: 'integer', minimum });
// k3d waits by Go's durations.
const duration: Schema = { type: 'string', pattern: '^(\\d+(\\.\\d+)?(ms|s|m|h))+$' };

function object(properties: Readonly<Record<string, Schema>>, required: readonly string[] = []): Schema {
  return { type: 'object', properties, required, additionalProperties: false };
}

/** A list of something for some of the nodes. */
function filtered(field: string, what: Schema = string): Schema {
  const nodeFilters = {
    ...strings,
    items: { type: 'string', pattern: '^(all|(servers?|agents?|loadbalancer)(:.+)?)$' },
  };
  return { type: 'array', items: object({ [field]: what, nodeFilters }) };
}

/** The schema of a config file. */
export const SIMPLE_SCHEMA: Schema = {
  ...object(
    {
      apiVersion: { const: 'k3d.io/v1alpha5' },
      kind: { const: 'Simple' },
      metadata: object({ name: hostname }),
      servers: count(1),
      agents: count(0),
      kubeAPI: object({ host: hostname, hostIP: ipv4, hostPort: string }),
      image: string,
      network: string,
      subnet: string,
      token: string,
      volumes: filtered('volume'),
      ports: filtered('port'),
      env: filtered('envVar'),
      files: {
        type: 'array',
        items: object({ source: string, destination: string, description: string, nodeFilters: strings }, [
          'source',
          'destination',
        ]),
      },
      registries: object({
        create: object({
          name: string,
          host: string,
          hostPort: string,
          image: string,
          proxy: object({ remoteURL: string, username: string, password: string }),
          volumes: strings,
        }),
        use: strings,
        config: string,
      }),
      hostAliases: { type: 'array', items: object({ ip: string, hostnames: strings }) },
      options: object({
        k3d: object({
          wait: boolean,
          timeout: duration,
          disableLoadbalancer: boolean,
          disableImageVolume: boolean,
          disableRollback: boolean,
          loadbalancer: object({ configOverrides: strings }),
        }),
        k3s: object({ extraArgs: filtered('arg'), nodeLabels: filtered('label') }),
        kubeconfig: object({ updateDefaultKubeconfig: boolean, switchCurrentContext: boolean }),
        runtime: object({
          gpuRequest: string,
          serversMemory: string,
          agentsMemory: string,
          hostPidMode: boolean,
          labels: filtered('label'),
          ulimits: {
            type: 'array',
            items: object({ name: string, soft: { type: 'number' }, hard: { type: 'number' } }),
          },
        }),
      }),
    },
    ['apiVersion', 'kind'],
  ),
  // "cannot specify subnet for existing network": a name means a network that is there.
  not: { required: ['network', 'subnet'], properties: { subnet: { not: { const: 'auto' } } } },
};
