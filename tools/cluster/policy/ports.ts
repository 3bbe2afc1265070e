// Which ports of a pod a rule is about. Pure.
import type { Pod, PolicyPort, Protocol } from './model.ts';

/** Ports from first to last, both included. */
export type Range = readonly [first: number, last: number];

/** Ranges by protocol, in order and apart. Undefined: every port of every protocol, and what has no ports. */
export type Ports = ReadonlyMap<Protocol, readonly Range[]> | undefined;

const ALL: Range = [0, 65_535];

/** Whether a rule names a port by a word, so that each called pod may have another number for it. */
export function hasNamedPort(ports: readonly PolicyPort[] | undefined): boolean {
  return (ports ?? []).some(({ port }) => typeof port === 'string');
}

/** The ports of `pod` that a rule is about; where it is no pod, named ports are none. */
export function portsOf(ports: readonly PolicyPort[] | undefined, pod: Pick<Pod, 'ports'> | undefined): Ports {
  if (ports === undefined || ports.length === 0) return undefined;
  const found = new Map<Protocol, Range[]>();
  for (const one of ports) {
    const protocol = (one.protocol ?? 'TCP') as Protocol;
    found.set(protocol, [...(found.get(protocol) ?? []), ...rangesOf(one, protocol, pod)]);
  }
  return new Map(
    [...found]
      .map(([protocol, ranges]) => [protocol, merged(ranges)] as const)
      .filter(([, ranges]) => ranges.length > 0),
  );
}

function rangesOf({ port, endPort }: PolicyPort, protocol: Protocol, pod: Pick<Pod, 'ports'> | undefined): Range[] {
  if (port === undefined) return [ALL];
  if (typeof port === 'number') return [[port, endPort ?? port]];
  return (pod?.ports ?? [])
    .filter((one) => one.name === port && one.protocol === protocol)
    .map((one): Range => [one.port, one.port]);
}

/** Ranges in order, none of which touches another. */
export function merged(ranges: readonly Range[]): Range[] {
  const result: Range[] = [];
  for (const [first, last] of ranges.toSorted(([a], [b]) => a - b)) {
    const before = result.at(-1);
    if (before !== undefined && first <= before[1] + 1)
      result[result.length - 1] = [before[0], Math.max(before[1], last)];
    else result.push([first, last]);
  }
  return result;
}
