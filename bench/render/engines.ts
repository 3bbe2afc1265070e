// Engines that render the same programs: go-jsonnet as builds use it, in a process that goes on running, and others.
import { execFile } from 'node:child_process';
import { mkdir, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { GARBAGE_PERCENT } from '../../tools/jsonnet/evaluate_once.ts';
import { createEvaluator } from '../../tools/jsonnet/evaluator.ts';
import { runfile } from '../../tools/lib/runfiles.ts';
import { peerPath } from '../../tools/oci/testing/peers.ts';
import type { Program } from './programs.ts';

const run = promisify(execFile);
const ENDS_WITHIN_MS = 300_000;

/** What rendering took, in seconds. */
export interface Took {
  readonly wall: number;
  /** Of the processors; of an engine in Python its own alone: whoever uses it need not do so from there. */
  readonly processor: number;
}

/** Renders programs, one after the other; each into a folder of its own, by the program's name, in `out`. */
export interface Engine {
  readonly name: string;
  render(programs: readonly Program[], out: string): Promise<Took>;
  /** Known once it has rendered something. */
  version(): Promise<string>;
}

/** The engines; imports are looked up in the checkout `fathom`. */
export function createEngines(fathom: string): {
  readonly ours: Engine;
  readonly goJsonnet: Engine;
  python(name: string): Engine;
} {
  const version = async () => /v[\d.]+/.exec((await run(peerPath('JSONNET'), ['--version'])).stdout)?.[0] ?? 'unknown';
  return {
    ours: { name: 'go-jsonnet, one process', render: (programs, out) => byEvaluator(fathom, programs, out), version },
    goJsonnet: {
      name: 'go-jsonnet, a process for each',
      render: (programs, out) => byProcesses(fathom, programs, out),
      version,
    },
    python: (name) => byPython(fathom, name),
  };
}

function byPython(fathom: string, name: string): Engine {
  let known = 'unknown';
  return {
    name,
    version: () => Promise.resolve(known),
    async render(programs, out) {
      const file = `${out}.programs.json`;
      await writeFile(file, JSON.stringify(programs));
      try {
        const args = [name, fathom, out, file];
        const { stdout } = await run(runfile('fathom/bench/render/engine'), args, { timeout: ENDS_WITHIN_MS });
        const said = JSON.parse(stdout) as { readonly version: string; readonly seconds: number };
        known = said.version;
        return { wall: Number.NaN, processor: said.seconds };
      } finally {
        await rm(file);
      }
    },
  };
}

/** From the start of the process to its end, as if no build had used it before. */
async function byEvaluator(fathom: string, programs: readonly Program[], out: string): Promise<Took> {
  const evaluator = createEvaluator(peerPath('EVALUATOR'));
  return timed(async () => {
    try {
      for (const { name, source, inputs, environment } of programs) {
        const { exitCode, message, files } = await evaluator.evaluate(
          {
            ...{ label: name, compiler: '', evaluator: '', source, importPaths: [fathom] },
            values: [{ flag: 'tla-code', name: 'environment', value: environment, stamp: false }],
            ...{ envs: [], files: [], statusFiles: [], yamlStream: false, extraArgs: [], capture: '' },
            output: { kind: 'folder', path: '' },
          },
          { multiple: true, inputs: [...inputs, join(fathom, 'jsonnet')] },
        );
        if (exitCode !== 0) throw new Error(message);
        const folder = join(out, name);
        await mkdir(folder);
        for (const [file, text] of Object.entries(files)) await writeFile(join(folder, file), text);
      }
    } finally {
      await evaluator.end();
    }
  });
}

async function byProcesses(fathom: string, programs: readonly Program[], out: string): Promise<Took> {
  const options = { env: { ...process.env, GOGC: GARBAGE_PERCENT }, timeout: ENDS_WITHIN_MS, maxBuffer: 1 << 26 };
  return timed(async () => {
    for (const { name, source, environment } of programs) {
      const argument = ['--tla-code', `environment=${environment}`];
      await run(peerPath('JSONNET'), ['-J', fathom, ...argument, '-c', '-m', join(out, name), source], options);
    }
  });
}

async function timed(work: () => Promise<void>): Promise<Took> {
  const [startMs, before] = [performance.now(), await childrenSeconds()];
  await work();
  return { wall: (performance.now() - startMs) / 1000, processor: (await childrenSeconds()) - before };
}

// proc(5): cutime and cstime, in ticks of which Linux has a hundred a second on every machine.
const CHILDREN_FIELDS = [13, 14];
const TICKS = 100;

/** What the processes took that this one has started and that have ended. */
async function childrenSeconds(): Promise<number> {
  // The program's name is in parentheses, and may have spaces; field 3 follows it.
  const fields = (await readFile('/proc/self/stat', 'utf8')).split(') ').at(-1)?.split(' ') ?? [];
  return CHILDREN_FIELDS.reduce((sum, index) => sum + Number(fields[index]), 0) / TICKS;
}

/** All that is in a folder of JSON files, in a form that can be compared. */
export async function contentsOf(folder: string): Promise<string> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const paths = entries.filter((one) => one.isFile()).map((one) => join(one.parentPath, one.name));
  const values = paths
    .sort()
    .map(async (path) => [path.slice(folder.length), JSON.parse(await readFile(path, 'utf8')) as unknown]);
  return JSON.stringify(await Promise.all(values));
}
