// The capabilities of this process, out of /proc/self/status. Pure.

/** Names by bit, as in linux/capability.h. */
const BITS: Readonly<Record<string, number>> = {
  CAP_CHOWN: 0,
  CAP_DAC_OVERRIDE: 1,
  CAP_FOWNER: 3,
  CAP_FSETID: 4,
  CAP_KILL: 5,
  CAP_SETGID: 6,
  CAP_SETUID: 7,
  CAP_SETPCAP: 8,
  CAP_NET_BIND_SERVICE: 10,
  CAP_NET_ADMIN: 12,
  CAP_NET_RAW: 13,
  CAP_SYS_CHROOT: 18,
  CAP_SYS_ADMIN: 21,
  CAP_SYS_RESOURCE: 24,
  CAP_MKNOD: 27,
  CAP_AUDIT_WRITE: 29,
  CAP_SETFCAP: 31,
};

/** Without it OOM scores can't be lowered; containerd is told not to. */
const OPTIONAL = 'CAP_SYS_RESOURCE';

/** What a cluster takes: for namespaces, mounts and links, and what containers have by default. */
export const NEEDED_CAPABILITIES: readonly string[] = Object.keys(BITS).filter((name) => name !== OPTIONAL);

/** The capabilities of a process that has some. */
export interface Capabilities {
  /** Those that are needed and not there. */
  readonly missing: readonly string[];
  /** Whether CAP_SYS_RESOURCE is there, which may be missing. */
  readonly hasResource: boolean;
}

/** Reads the text of /proc/PID/status; undefined where it does not tell. */
export function capabilitiesOf(status: string): Capabilities | undefined {
  const hex = /^CapEff:\s*([0-9a-f]+)$/m.exec(status)?.[1];
  if (hex === undefined) return undefined;
  const mask = BigInt(`0x${hex}`);
  const has = (name: string) => ((mask >> BigInt(BITS[name] ?? 0)) & 1n) === 1n;
  return { missing: NEEDED_CAPABILITIES.filter((name) => !has(name)), hasResource: has(OPTIONAL) };
}
