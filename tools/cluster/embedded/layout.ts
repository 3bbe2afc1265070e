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
  /** What mirrors keep, a folder for each. */
  readonly mirrors: string;
  readonly kits: string;
  /** Link to the kit in use. */
  readonly kit: string;
  readonly logs: string;
  /** The init of the whole cluster. */
  readonly rootPid: string;
  /** Digest of what the running init was started from; the file's time is that of the start. */
  readonly started: string;
  /** The folder of a node. */
  node(name: string): string;
  /** The spec of an init: `cluster`, `control`, or a node's. */
  spec(machine: string): string;
  /** Where an init tells how it fares. */
  status(machine: string): string;
  /** The log files of an init and of what it starts. */
  machineLogs(machine: string): string;
}

/** The inits that are no node. */
const CENTRAL = ['cluster', 'control'];

/** A node's spec in its configuration folder, where the node itself sees it too. */
export const SPEC_FILE = 'init.json';

/** The layout below `folder`. */
export function layoutOf(folder: string): Layout {
  const node = (name: string) => join(folder, 'nodes', name);
  const machineLogs = (machine: string) =>
    CENTRAL.includes(machine) ? join(folder, 'log', machine) : join(node(machine), 'log', 'fathom');
  return {
    folder,
    plan: join(folder, 'plan.json'),
    kubeconfig: join(folder, 'kubeconfig'),
    pki: join(folder, 'pki'),
    config: join(folder, 'config'),
    etcd: join(folder, 'etcd'),
    mirrors: join(folder, 'mirrors'),
    kits: join(folder, 'kits'),
    kit: join(folder, 'kit'),
    logs: join(folder, 'log'),
    rootPid: join(folder, 'init.pid.json'),
    started: join(folder, 'started'),
    node,
    spec: (machine) =>
      CENTRAL.includes(machine)
        ? join(folder, 'config', `${machine}.init.json`)
        : join(node(machine), 'config', SPEC_FILE),
    status: (machine) => join(machineLogs(machine), 'status.json'),
    machineLogs,
  };
}
