// How a k3d cluster fares. Pure.
import { server, type K3dSettings } from './settings.ts';
import type { Command } from './step.ts';

/** The commands of `status`: the containers, then the nodes, which fails where the cluster does not run. */
export function statusCommands(settings: K3dSettings): readonly Command[] {
  return [
    {
      argv: [
        ...(['docker', 'ps', '--all', '--format={{.Names}}: {{.Status}}'] as const),
        `--filter=label=k3d.cluster=${settings.name}`,
      ],
    },
    { argv: ['docker', 'exec', server(settings).name, 'kubectl', 'get', 'nodes', '--output=wide'] },
  ];
}

/** The command that stops a node, `k3d-fathom-agent-0`, or starts it. */
export function k3dNodeCommand(verb: 'stop' | 'start', node: string): Command {
  return { argv: ['k3d', 'node', verb, node] };
}
