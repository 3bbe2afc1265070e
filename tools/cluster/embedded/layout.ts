// Where everything of one embedded cluster is: below its state folder.
import { join } from 'node:path';

/** The paths of a cluster. */
export interface Layout {
  readonly folder: string;
  readonly plan: string;
  readonly kubeconfig: string;
  readonly pki: string;
  readonly config: string;
  readonly etcd: string;
  readonly kits: string;
  /** Link to the kit in use. */
  readonly kit: string;
  readonly logs: string;
  /** The init of the whole cluster. */
  readonly rootPid: string;
  /** Digest of what the running init was started from; the file's time is that of the start. */
  readonly started: string;
  node(name: string): string;
}

/** The layout below `folder`. */
export function layoutOf(folder: string): Layout {
  return {
    folder,
    plan: join(folder, 'plan.json'),
    kubeconfig: join(folder, 'kubeconfig'),
    pki: join(folder, 'pki'),
    config: join(folder, 'config'),
    etcd: join(folder, 'etcd'),
    kits: join(folder, 'kits'),
    kit: join(folder, 'kit'),
    logs: join(folder, 'log'),
    rootPid: join(folder, 'init.pid.json'),
    started: join(folder, 'started'),
    node: (name) => join(folder, 'nodes', name),
  };
}
