// What an init process is told to do: prepare its namespaces, then start processes and keep them running.
// `embedded` writes these specs as JSON files; init_main.ts carries them out.

/** One mount, made in order. A missing target folder is created. */
export interface MountSpec {
  readonly kind: 'bind' | 'tmpfs' | 'proc' | 'move';
  /** For bind and move: the folder that appears at `target`. */
  readonly source?: string;
  readonly target: string;
}

/** How the switch connects a machine: one link whose far end is called eth0 inside. */
export interface LinkSpec {
  /** Name of the near end, in the switch's network namespace. */
  readonly name: string;
  /** Fixed, so that a machine that starts anew is found under its old address at once. */
  readonly mac: string;
}

/** When a service counts as ready, so that what comes `after` it may start. Default: as soon as it runs. */
export type ReadySpec =
  | { readonly kind: 'socket'; readonly path: string }
  | { readonly kind: 'port'; readonly host: string; readonly port: number }
  /** Answers 200 to a client with this certificate; the fields are paths of PEM files. */
  | { readonly kind: 'https'; readonly url: string; readonly ca: string; readonly cert: string; readonly key: string };

/** A process that is kept running, or, as a `task`, run until it succeeds once. */
export interface ServiceSpec {
  readonly name: string;
  readonly command: readonly string[];
  /** Added to the init's environment. Default: nothing. */
  readonly env?: Readonly<Record<string, string>>;
  /** Whether it gets the variables of the machine's proxies: it asks servers outside. Default: false. */
  readonly proxied?: boolean;
  /** Namespaces of its own, made by unshare. Default: none. */
  readonly isolate?: readonly ('net' | 'mount' | 'pid')[];
  /** Its link to the switch; needs `isolate` with net. Default: none. */
  readonly link?: LinkSpec;
  /** Whether it is to end by itself, once. Default: false. */
  readonly task?: boolean;
  readonly ready?: ReadySpec;
  /** What must be ready outside of this init before it starts. Default: nothing. */
  readonly awaits?: ReadySpec;
  /** Services that must be ready, and tasks that must be done, before this one starts. Default: none. */
  readonly after?: readonly string[];
  /** Whether it is kept from running: a node that was stopped on purpose. Default: false. */
  readonly suspended?: boolean;
}

/** The switch: a bridge in a network namespace of its own, and the host's link to it. */
export interface SwitchSpec {
  /** The service that holds the namespace. */
  readonly service: string;
  /** Name of the host's interface. */
  readonly hostLink: string;
  /** The host's address with its prefix length: `10.201.0.1/24`. */
  readonly hostAddress: string;
  /** Routes of the host into the cluster. */
  readonly routes: readonly { readonly to: string; readonly via: string }[];
}

/** The most that a cgroup may use. */
export interface CgroupLimits {
  /** Share of the machine's memory, 0–1. */
  readonly memoryShare: number;
  /** Number of processes and threads. */
  readonly pids: number;
}

/** What one init does, from first to last field. */
export interface InitSpec {
  readonly version: 1;
  readonly name: string;
  /** Where this file is seen after the mounts: what changes in its `setup`, `switch.routes` and `services` is carried out. */
  readonly reloadFrom: string;
  /** Folder of log files, seen after the mounts. */
  readonly logFolder: string;
  /** File that tells others how the services fare, seen after the mounts. */
  readonly statusFile: string;
  readonly mounts: readonly MountSpec[];
  /** Paths below /proc/sys and their values; `optional` ones may be missing from the kernel. */
  readonly sysctls: readonly { readonly path: string; readonly value: string; readonly optional?: boolean }[];
  /** Cgroup to make anew, empty: one that is left from before makes a kubelet's start slow. Default: none. */
  readonly cgroup?: string;
  /** What all processes in the cgroup may use together. Default: what the machine has. */
  readonly limits?: CgroupLimits;
  /** Interface to wait for before `setup`. Default: none. */
  readonly awaitLink?: string;
  /** Commands run in order, and again when one of them has changed; each must succeed, a second time as well. */
  readonly setup: readonly (readonly string[])[];
  readonly switch?: SwitchSpec;
  readonly services: readonly ServiceSpec[];
}

/** How one service fares. */
export interface ServiceStatus {
  readonly name: string;
  readonly state: 'waiting' | 'running' | 'ready' | 'done' | 'backoff' | 'suspended' | 'stopped';
  readonly pid?: number;
  /** How often it ended, or could not be started, without being asked to. */
  readonly failures: number;
  /** How often of late, without having run for half a minute between. Absent where it never did. */
  readonly failuresInARow?: number;
  readonly lastExit?: string;
}

/** The content of an init's status file. */
export interface InitStatus {
  readonly name: string;
  /** Digest of the spec that was last carried out. */
  readonly spec: string;
  readonly services: readonly ServiceStatus[];
}
