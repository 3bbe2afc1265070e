// The processes of a test's own cluster, as the host counts them.
import { commandLines, type CommandLine } from '../embedded/pid_record.ts';

/** A process below a cluster's init. */
export interface ClusterProcess {
  readonly pid: number;
  /** The program and its arguments. */
  readonly words: readonly string[];
  /** Whose init it descends from most closely: `cluster`, `control`, `node-1`, … */
  readonly machine: string;
}

/** Every process that descends from process `root`, which is a cluster's first. */
export function clusterProcesses(root: number): readonly ClusterProcess[] {
  const rows = new Map(commandLines().map((row) => [row.pid, row]));
  return [...rows.values()].flatMap(({ pid, words }) => {
    const line = ancestry(rows, pid);
    if (!line.some((one) => one.pid === root)) return [];
    return [{ pid, words, machine: line.map(machineOf).find((name) => name !== undefined) ?? 'cluster' }];
  });
}

/** The machine of an init, from the file that it was started from: `config/control.init.json`, `node-1/config/init.json`. */
function machineOf({ words }: CommandLine): string | undefined {
  if (words[0]?.endsWith('/bin/tini') !== true) return undefined;
  const spec = words.at(-1) ?? '';
  return (/\/nodes\/([^/]+)\/config\/init\.json$/.exec(spec) ?? /\/([^/]+)\.init\.json$/.exec(spec))?.[1];
}

/** A process, its parent, and so on. */
function ancestry(rows: ReadonlyMap<number, CommandLine>, pid: number): readonly CommandLine[] {
  const line: CommandLine[] = [];
  for (let row = rows.get(pid); row !== undefined && !line.includes(row); row = rows.get(row.parent)) line.push(row);
  return line;
}
