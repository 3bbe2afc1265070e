// The files that a k3d cluster is made from. Pure; plain text, as `./fathom` has no library before it has built anything.
// https://k3d.io/stable/usage/configfile/ and https://docs.k3s.io/installation/private-registry
import { LOOPBACK, server, type K3dSettings } from './settings.ts';

const quoted = (text: string): string => JSON.stringify(text);

/** registries.yaml of each node: the registry's name leads to plain http at the port that every node has for it. */
export function registriesYaml(settings: K3dSettings): string {
  return `mirrors:
  ${quoted(settings.registry)}:
    endpoint:
      - ${quoted(`http://${server(settings).address}:${settings.registryNodePort}`)}
`;
}

/**
 * The config file of `k3d cluster create`. It says no `subnet`: k3d refuses one for a network that is there already,
 * and one that it makes itself could not be called as we call it.
 */
export function k3dConfig(settings: K3dSettings): string {
  return `apiVersion: k3d.io/v1alpha5
kind: Simple
metadata:
  name: ${quoted(settings.name)}
servers: ${settings.servers}
agents: ${settings.agents}
image: ${quoted(settings.image)}
network: ${quoted(settings.network)}
kubeAPI:
  hostIP: ${quoted(LOOPBACK)}
  hostPort: ${quoted(String(settings.apiPort))}
ports:
  - port: ${quoted(`${LOOPBACK}:${settings.registryPort}:${settings.registryNodePort}`)}
    nodeFilters:
      - loadbalancer
registries:
  config: |
${indented(registriesYaml(settings), 4)}options:
  k3d:
    wait: true
    timeout: 300s
  k3s:
    extraArgs:
      - arg: --disable=traefik
        nodeFilters:
          - server:*
      # //prod:monitoring has one.
      - arg: --disable=metrics-server
        nodeFilters:
          - server:*
      - arg: --disable=servicelb
        nodeFilters:
          - server:*
  kubeconfig:
    updateDefaultKubeconfig: false
    switchCurrentContext: false
`;
}

function indented(text: string, by: number): string {
  return text.replaceAll(/^(?=.)/gm, ' '.repeat(by));
}
