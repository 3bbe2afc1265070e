// How this machine resolves names, as far as clusters depend on it.
import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import type { Finding } from './preflight.ts';

const PATH = '/etc/resolv.conf';

/** The text of /etc/resolv.conf; undefined where there is none, or it can't be read. */
export function readResolver(): string | undefined {
  try {
    return readFileSync(PATH, 'utf8');
  } catch {
    return undefined;
  }
}

/** The name servers in the text of a resolv.conf. */
export function nameServers(text: string): readonly string[] {
  return [...text.matchAll(/^[ \t]*nameserver[ \t]+(\S+)/gm)]
    .map(([, address = '']) => address.replace(/%.*$/, ''))
    .filter((address) => isIP(address) !== 0);
}

/** The finding about {@link readResolver}'s text: a kubelet starts no pod without the file. */
export function lookAtResolver(text: string | undefined): Finding {
  const what = 'DNS';
  if (text === undefined) {
    const say = `${PATH} is missing, or leads nowhere: no pod starts without. Make it: \`echo nameserver ADDRESS > ${PATH}\`.`;
    return { what, ok: false, say };
  }
  const servers = nameServers(text);
  if (servers.length === 0) {
    const say = `${PATH} names no server: nothing can be fetched that is not here yet. Add a line \`nameserver ADDRESS\`.`;
    return { what, ok: false, isNote: true, say };
  }
  const shown = `name server ${servers.join(', ')}`;
  const isStub = servers.every((address) => address.startsWith('127.') || address === '::1');
  if (!isStub) return { what, ok: true, say: shown };
  return {
    what,
    ok: true,
    say: `${shown}, on this machine alone: pods can't ask it. They resolve the names of the cluster, and no others.`,
  };
}
