// Where a registry may send us: a Location, a redirect or a token realm must not lead to what only this machine reaches.
import { lookup as dnsLookup } from 'node:dns/promises';
import { BlockList, isIP } from 'node:net';
import { ToolError, systemErrorCode } from '../../lib/errors.ts';

/** Names to addresses. */
export type Lookup = (hostname: string) => Promise<readonly string[]>;

/** How far an address reaches: this machine or link, a private network, everywhere. */
type Reach = 'local' | 'private' | 'public';

const LOCAL = blockList(['0.0.0.0/8', '127.0.0.0/8', '169.254.0.0/16'], ['::/127', 'fe80::/10']);
const PRIVATE = blockList(
  ['10.0.0.0/8', '100.64.0.0/10', '172.16.0.0/12', '192.168.0.0/16'],
  ['fc00::/7', 'fec0::/10'],
);

function blockList(v4: readonly string[], v6: readonly string[]): BlockList {
  const list = new BlockList();
  for (const [family, ranges] of [['ipv4', v4] as const, ['ipv6', v6] as const]) {
    for (const range of ranges) {
      const [network = '', bits = ''] = range.split('/');
      list.addSubnet(network, Number(bits), family);
    }
  }
  return list;
}

function reachOf(address: string): Reach {
  const family = isIP(address) === 6 ? 'ipv6' : 'ipv4';
  if (LOCAL.check(address, family)) return 'local';
  return PRIVATE.check(address, family) ? 'private' : 'public';
}

function bareHost(url: URL): string {
  return url.hostname.replace(/^\[|\]$/g, '');
}

function isLocalName(host: string): boolean {
  return host === 'localhost' || host.endsWith('.localhost');
}

/**
 * A Location header, absolute. The registry's own address is always right; another one must be https and not this
 * machine's. Where a name or a private address leads is looked at by {@link checkForeignHost} before it is used.
 * Throws OCI_REDIRECT_REFUSED.
 */
export function resolveLocation(from: URL, location: string, doing: string): URL {
  const to = URL.parse(location, from);
  if (to !== null && to.host === from.host && to.protocol === from.protocol) return to;
  if (to === null || to.protocol !== 'https:' || isLocalName(bareHost(to))) throw refused(doing, to);
  const [reach, home] = [to, from].map(bareHost).map((host) => (isIP(host) === 0 ? undefined : reachOf(host)));
  if (reach === 'local' || (reach === 'private' && home !== undefined && home !== 'private')) throw refused(doing, to);
  return to;
}

/**
 * The addresses of a host that the registry at `home` sent us to, checked: never this machine's, and a private
 * network's only where the registry itself is in one. Connect to these, so that a second lookup can't differ.
 * Throws OCI_REDIRECT_REFUSED, OCI_REGISTRY_UNREACHABLE.
 */
export async function checkForeignHost(
  url: URL,
  options: { readonly home: URL; readonly doing: string; readonly lookup?: Lookup },
): Promise<readonly string[]> {
  const { home, doing, lookup = systemLookup } = options;
  const addresses = await addressesOf(url, doing, lookup);
  const reaches = new Set(addresses.map(reachOf));
  if (reaches.has('local')) throw refused(doing, url);
  if (reaches.has('private')) {
    const own = await addressesOf(home, doing, lookup);
    if (!own.every((address) => reachOf(address) === 'private')) throw refused(doing, url);
  }
  return addresses;
}

async function addressesOf(url: URL, doing: string, lookup: Lookup): Promise<readonly string[]> {
  const host = bareHost(url);
  if (isIP(host) !== 0) return [host];
  try {
    return await lookup(host);
  } catch (error) {
    throw new ToolError(
      'OCI_REGISTRY_UNREACHABLE',
      `${doing}: ${host} has no address (${systemErrorCode(error) ?? 'no reason given'})`,
      { cause: error, hint: 'Check the name and the network.' },
    );
  }
}

async function systemLookup(hostname: string): Promise<readonly string[]> {
  return (await dnsLookup(hostname, { all: true })).map(({ address }) => address);
}

function refused(doing: string, to: URL | null): ToolError {
  return new ToolError(
    'OCI_REDIRECT_REFUSED',
    `${doing}: the registry sends us to ${to?.origin ?? 'no valid address'}`,
    { hint: 'Configure the registry to answer with relative locations or with its own address.' },
  );
}
