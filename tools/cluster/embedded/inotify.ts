// The kernel's limits for those who watch files: containerd, kubelets and pods do.
import { readFileSync } from 'node:fs';
import type { Finding } from './preflight.ts';

/** What is little: a cluster of one node takes 20 instances (measured), each further node 9, and pods their own. */
const MIN = { max_user_instances: 64, max_user_watches: 8192 } as const;
const WISH = { max_user_instances: 512, max_user_watches: 65_536 } as const;
type Limit = keyof typeof MIN;

const readLimit = (name: Limit): number => Number(readFileSync(`/proc/sys/fs/inotify/${name}`, 'utf8'));

/** The finding about inotify; a kernel that does not tell its limits has none that we know of. */
export function lookAtInotify(read: (name: Limit) => number = readLimit): Finding {
  const what = 'inotify limits';
  let limits: readonly (readonly [Limit, number])[];
  try {
    limits = (Object.keys(MIN) as Limit[]).map((name) => [name, read(name)] as const);
  } catch {
    return { what, ok: true, say: 'the kernel does not tell' };
  }
  const shown = limits.map(([name, value]) => `${name} ${value}`).join(', ');
  const low = limits.filter(([name, value]) => value < MIN[name]);
  if (low.length === 0) return { what, ok: true, say: shown };
  const settings = low.map(([name]) => `fs.inotify.${name}=${WISH[name]}`).join(' ');
  return {
    what,
    ok: false,
    isNote: true,
    say: `${shown}: pods that watch files may fail with "too many open files". Run \`sysctl -w ${settings}\`.`,
  };
}
