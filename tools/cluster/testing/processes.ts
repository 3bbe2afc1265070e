// The processes of a test's own cluster, as the host counts them.
import { readFileSync, readdirSync } from 'node:fs';

/** A process below a cluster's init. */
export interface ClusterProcess {
  readonly pid: number;
  /** The program and its arguments. */
  readonly words: readonly string[];
  /** Whose init it descends from most closely: `cluster`, `control`, `node-1`, … */
  readonly machine: string;
}

interface Row {
  readonly pid: number;
  readonly parent: number;
  readonly words: readonly string[];
}

/** Every process that descends from process `root`, which is a cluster's first. */
export function clusterProcesses(root: number): readonly ClusterProcess[] {
  const rows = new Map(allProcesses().map((row) => [row.pid, row]));
  return [...rows.values()].flatMap(({ pid, words }) => {
    const line = ancestry(rows, pid);
    if (!line.some((one) => one.pid === root)) return [];
    return [{ pid, words, machine: line.map(machineOf).find((name) => name !== undefined) ?? 'cluster' }];
  });
}

/** The machine of an init, from the file that it was started from: `config/control.init.json`, `node-1/config/init.json`. */
function machineOf({ words }: Row): string | undefined {
  if (words[0]?.endsWith('/bin/tini') !== true) return undefined;
  const spec = words.at(-1) ?? '';
  return (/\/nodes\/([^/]+)\/config\/init\.json$/.exec(spec) ?? /\/([^/]+)\.init\.json$/.exec(spec))?.[1];
}

/** A process, its parent, and so on. */
function ancestry(rows: ReadonlyMap<number, Row>, pid: number): readonly Row[] {
  const line: Row[] = [];
  for (let row = rows.get(pid); row !== undefined && !line.includes(row); row = rows.get(row.parent)) line.push(row);
  return line;
}

function allProcesses(): readonly Row[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        const parent = Number(/^PPid:\s*(\d+)$/m.exec(readFileSync(`/proc/${name}/status`, 'utf8'))?.[1]);
        const words = readFileSync(`/proc/${name}/cmdline`, 'utf8').split('\0').slice(0, -1);
        return [{ pid: Number(name), parent, words }];
      } catch {
        return []; // It has ended meanwhile.
      }
    });
}
