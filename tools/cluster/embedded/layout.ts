// Where a cluster keeps what: everything is below its state folder.
import { join } from 'node:path';

/** The paths of one cluster with one node. */
export interface Layout {
  readonly root: string;
  /** Programs, copied from the kit, so that a rebuild does not pull them from under a running cluster. */
  readonly bin: string;
  readonly images: string;
  readonly certificates: string;
  readonly config: string;
  readonly logs: string;
  readonly kubeconfig: string;
  /** What survives `up` after `up`: etcd, images, volumes. */
  readonly data: string;
  /** The network, chosen once. */
  readonly network: string;
  /** The init process: pid and start time. */
  readonly init: string;
  /** Written by the init process, one line of JSON a change. */
  readonly status: string;
}

/** The layout below a state folder. */
export function layoutOf(root: string): Layout {
  return {
    root,
    bin: join(root, 'bin'),
    images: join(root, 'images'),
    certificates: join(root, 'certificates'),
    config: join(root, 'config'),
    logs: join(root, 'logs'),
    kubeconfig: join(root, 'kubeconfig'),
    data: join(root, 'data'),
    network: join(root, 'network.json'),
    init: join(root, 'init.json'),
    status: join(root, 'status.json'),
  };
}
