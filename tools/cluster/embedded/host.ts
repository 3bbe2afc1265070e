// What this machine already uses: address ranges and ports.
import { createServer } from 'node:net';
import { ToolError } from '../../lib/errors.ts';
import { run } from '../init/run.ts';
import type { EmbeddedPlan } from './plan.ts';
import { CANDIDATES, firstFree, formatSubnet, isWide, overlaps, parseSubnet, type Subnet } from './subnets.ts';

// Half of all addresses is how some VPNs write a default route.
const SHORTEST = 8;

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
  const known = texts.map(parseSubnet).filter((subnet) => subnet !== undefined);
  return known.filter(({ prefix }) => prefix >= SHORTEST);
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
  const range = rangeBeside(await usedNow());
  if (range === undefined) {
    throw new ToolError(
      'CLUSTER_NO_SUBNET',
      'Choosing a subnet: all of 10.101–10.149, 10.201–10.249 and 172.24–172.31 are in use',
      { hint: 'Take clusters down that nobody needs, or routes into these (`ip route` shows them).' },
    );
  }
  return range;
}

/** The first candidate that meets none of these; where a VPN has all of them, the first that meets nothing narrower. */
export function rangeBeside(used: readonly Subnet[]): Subnet | undefined {
  return (
    firstFree(CANDIDATES, used) ??
    firstFree(
      CANDIDATES,
      used.filter((subnet) => !isWide(subnet)),
    )
  );
}

/** Throws CLUSTER_SUBNET_IN_USE when something new on this machine meets a stopped cluster's ranges. */
export async function requireFreeRange(
  plan: Pick<EmbeddedPlan, 'linkSubnet' | 'serviceSubnet' | 'podSubnet'>,
): Promise<void> {
  const used = await usedNow();
  for (const text of [plan.linkSubnet, plan.serviceSubnet, plan.podSubnet]) {
    const own = parseSubnet(text);
    // Its own routes are narrower than those of a VPN that has come since, and so the ones that count.
    const other = used.find((subnet) => own !== undefined && !isWide(subnet) && overlaps(subnet, own));
    if (other === undefined) continue;
    throw new ToolError(
      'CLUSTER_SUBNET_IN_USE',
      `Taking subnet ${text}: ${formatSubnet(other)} is in use on this machine`,
      {
        hint:
          'Remove that route or address (`ip route` shows them); or give the cluster and its data up for new subnets: ' +
          '`./fathom down`, then `./fathom up`.',
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
          hint:
            `End that process (\`ss -ltnp sport = :${port}\` names it), or give the cluster and its data up for a new port: ` +
            '`./fathom down`, then `./fathom up`.',
        }),
      ),
    );
    server.listen(port, '127.0.0.1', () => server.close(() => resolve()));
  });
}
