// What this machine already uses: address ranges and ports.
import { createServer } from 'node:net';
import { ToolError } from '../../lib/errors.ts';
import { run } from '../init/run.ts';
import type { EmbeddedPlan } from './plan.ts';
import { CANDIDATES, firstFree, formatSubnet, overlaps, parseSubnet, type Subnet } from './subnets.ts';

/** The ranges in `ip -json route show table all` and `ip -json address`, default routes left out. */
export function usedSubnets(routesJson: string, addressesJson: string): readonly Subnet[] {
  const routes = JSON.parse(routesJson) as readonly { dst?: string }[];
  const links = JSON.parse(addressesJson) as readonly {
    addr_info?: readonly { local?: string; prefixlen?: number }[];
  }[];
  const texts = [
    ...routes.map((route) => route.dst ?? ''),
    ...links.flatMap((link) => (link.addr_info ?? []).map((info) => `${info.local}/${info.prefixlen}`)),
  ];
  return texts.map(parseSubnet).filter((subnet) => subnet !== undefined);
}

async function usedNow(): Promise<readonly Subnet[]> {
  const [routes, links] = await Promise.all([
    run(['ip', '-4', '-json', 'route', 'show', 'table', 'all']),
    run(['ip', '-4', '-json', 'address']),
  ]);
  return usedSubnets(routes || '[]', links || '[]');
}

/** A /16 that no route and no address of this machine meets. Throws CLUSTER_NO_SUBNET. */
export async function chooseRange(): Promise<Subnet> {
  const range = firstFree(CANDIDATES, await usedNow());
  if (range === undefined) {
    throw new ToolError('CLUSTER_NO_SUBNET', 'Choosing a subnet: all of 10.101–10.149 and 10.201–10.249 are in use', {
      hint: 'Take clusters down that nobody needs, or routes that cover 10.0.0.0/8.',
    });
  }
  return range;
}

/** Throws CLUSTER_SUBNET_IN_USE when something new on this machine meets a stopped cluster's ranges. */
export async function requireFreeRange(
  plan: Pick<EmbeddedPlan, 'linkSubnet' | 'serviceSubnet' | 'podSubnet'>,
): Promise<void> {
  const used = await usedNow();
  for (const text of [plan.linkSubnet, plan.serviceSubnet, plan.podSubnet]) {
    const own = parseSubnet(text);
    const other = used.find((subnet) => own !== undefined && overlaps(subnet, own));
    if (other === undefined) continue;
    throw new ToolError(
      'CLUSTER_SUBNET_IN_USE',
      `Taking subnet ${text}: ${formatSubnet(other)} is in use on this machine`,
      {
        hint: 'Remove that route or address (`ip route` shows them), or run `./fathom down` and `./fathom up` for new subnets.',
      },
    );
  }
}

/** A TCP port of 127.0.0.1 that is free now. */
export function choosePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}

/** Throws CLUSTER_PORT_IN_USE when another process listens on the loopback port. */
export function requireFreePort(port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', (cause) =>
      reject(
        new ToolError('CLUSTER_PORT_IN_USE', `Taking port 127.0.0.1:${port} for the registry: another process has it`, {
          cause,
          hint: `End that process (\`ss -ltnp sport = :${port}\` names it), or run \`./fathom down\` and \`./fathom up\` for a new port.`,
        }),
      ),
    );
    server.listen(port, '127.0.0.1', () => server.close(() => resolve()));
  });
}
