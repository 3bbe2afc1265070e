// IPv4 arithmetic, and the choice of a range that nothing on this machine uses. Pure.

/** An IPv4 range: first address as a number, and prefix length. */
export interface Subnet {
  readonly base: number;
  readonly prefix: number;
}

/** Reads `10.201.0.0/24`; the host bits are cleared. Undefined for anything else, IPv6 included. */
export function parseSubnet(text: string): Subnet | undefined {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})(?:\/(\d{1,2}))?$/.exec(text);
  if (match === null) return undefined;
  const octets = match.slice(1, 5).map(Number);
  const prefix = match[5] === undefined ? 32 : Number(match[5]);
  if (octets.some((octet) => octet > 255) || prefix > 32) return undefined;
  const address = octets.reduce((sum, octet) => sum * 256 + octet, 0);
  const size = 2 ** (32 - prefix);
  return { base: Math.floor(address / size) * size, prefix };
}

/** Dotted form of an address. */
export function formatAddress(address: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(address / 2 ** shift) % 256).join('.');
}

/** `10.201.0.0/24`. */
export function formatSubnet(subnet: Subnet): string {
  return `${formatAddress(subnet.base)}/${subnet.prefix}`;
}

/** The n-th address of a range (0 is its base), dotted. */
export function addressIn(subnet: Subnet, n: number): string {
  return formatAddress(subnet.base + n);
}

/** The n-th range of length `prefix` in `subnet`. */
export function subnetIn(subnet: Subnet, prefix: number, n: number): Subnet {
  return { base: subnet.base + n * 2 ** (32 - prefix), prefix };
}

/** Whether two ranges have an address in common. */
export function overlaps(a: Subnet, b: Subnet): boolean {
  return a.base < b.base + 2 ** (32 - b.prefix) && b.base < a.base + 2 ** (32 - a.prefix);
}

/** The first of `candidates` that meets none of `used`. */
export function firstFree(candidates: readonly Subnet[], used: readonly Subnet[]): Subnet | undefined {
  return candidates.find((candidate) => !used.some((other) => overlaps(candidate, other)));
}

const block = (first: number, second: number, length: number): readonly Subnet[] =>
  Array.from({ length }, (_, n) => ({ base: first * 2 ** 24 + (second + n) * 2 ** 16, prefix: 16 }));

/**
 * 10.201.0.0/16 … 10.249.0.0/16, where networks of offices and clouds are rare, then 10.101 … 10.149, and 172.24 … 172.31
 * where a VPN has all of 10.0.0.0/8.
 */
export const CANDIDATES: readonly Subnet[] = [...block(10, 201, 49), ...block(10, 101, 49), ...block(172, 24, 8)];

// The prefix lengths of 10.0.0.0/8 and 172.16.0.0/12.
const WIDE = 12;

/** Whether a range is that of a VPN that leads everything, or all private addresses, elsewhere: a narrower route wins. */
export function isWide({ prefix }: Subnet): boolean {
  return prefix <= WIDE;
}
