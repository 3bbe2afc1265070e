// Rules as a script for nft(8), which carries all of it out at once or nothing. Pure.
//
// The rules stand where packets are forwarded, after kube-proxy has put a pod in the place of a Service. What the node
// itself sends to its pods and hears from them is not forwarded, so it is always let through, as the API wants it.
import { createHash } from 'node:crypto';
import type { Isolated, NodeRules, Others } from './compile.ts';
import type { Ports } from './ports.ts';

const TABLE = 'table ip fathom_policy';

// Before kube-proxy's own filter, which lets through what it knows.
const PRIORITY = -10;

// An error at once instead of a caller that waits until it gives up.
const REFUSE = 'reject with icmp admin-prohibited';

/** The script that replaces whatever rules there are by `rules`. */
export function nftScript(rules: NodeRules): string {
  const directions = [
    { word: 'out', here: 'saddr', there: 'daddr', isolated: rules.egress },
    { word: 'in', here: 'daddr', there: 'saddr', isolated: rules.ingress },
  ] as const;
  // The first line makes the second possible where there is no table yet.
  const cleared = [TABLE, `delete ${TABLE}`];
  if (directions.every(({ isolated }) => isolated.length === 0)) return `${cleared.join('\n')}\n`;
  const chains = new Map<string, readonly string[]>();
  const maps = directions.flatMap(({ word, here, there, isolated }) => {
    const entries = isolated.map((one) => {
      const lines = chainLines(one, there);
      const name = `${word}_${createHash('sha256').update(lines.join('\n')).digest('hex').slice(0, 12)}`;
      chains.set(name, lines);
      return `${one.pod.address} : jump ${name}`;
    });
    return entries.length === 0 ? [] : [`ip ${here} vmap { ${entries.join(', ')} }`];
  });
  const own = new Set([...rules.ingress, ...rules.egress].map(({ pod }) => `${pod.address} . ${pod.address}`));
  const block = (name: string, lines: readonly string[]) => [
    `  chain ${name} {`,
    ...lines.map((line) => `    ${line}`),
    '  }',
  ];
  return `${[
    ...cleared,
    `${TABLE} {`,
    ...[...chains].flatMap(([name, lines]) => block(name, lines)),
    ...block('forward', [
      `type filter hook forward priority ${PRIORITY}; policy accept;`,
      'ct state established,related accept',
      // A pod that calls itself through a Service.
      `ip saddr . ip daddr { ${[...own].join(', ')} } accept`,
      ...maps,
    ]),
    '}',
  ].join('\n')}\n`;
}

function chainLines({ allowed }: Isolated, there: 'saddr' | 'daddr'): string[] {
  const lines = allowed.flatMap(({ others, ports }) => {
    const who = othersMatch(others, there);
    return who === undefined ? [] : portMatches(ports).map((what) => `${who}${what}return`);
  });
  return [...new Set(lines), REFUSE];
}

/** Undefined where it matches nobody, or nobody who has an IPv4 address. */
function othersMatch(others: Others, there: 'saddr' | 'daddr'): string | undefined {
  if (others.kind === 'anybody') return '';
  if (others.kind === 'addresses') {
    return others.addresses.length === 0 ? undefined : `ip ${there} { ${[...new Set(others.addresses)].join(', ')} } `;
  }
  if (others.cidr.includes(':')) return undefined;
  return [`ip ${there} ${others.cidr} `, ...others.except.map((cidr) => `ip ${there} != ${cidr} `)].join('');
}

function portMatches(ports: Ports): string[] {
  if (ports === undefined) return [''];
  return [...ports].map(([protocol, ranges]) => {
    const texts = ranges.map(([first, last]) => (first === last ? `${first}` : `${first}-${last}`));
    return `${protocol.toLowerCase()} dport { ${texts.join(', ')} } `;
  });
}
