// The frame of a benchmark: its options, the machine it ran on, and where its result goes.
import { mkdir, writeFile } from 'node:fs/promises';
import { cpus, release, totalmem } from 'node:os';
import { dirname, join } from 'node:path';
import { Command } from 'commander';
import { type MainContext, runMain } from '../../tools/lib/cli.ts';
import { ToolError } from '../../tools/lib/errors.ts';
import { gitIn } from '../../tools/lib/git.ts';
import { createLog, type Log } from '../../tools/lib/log.ts';
import { userPath } from '../../tools/lib/runfiles.ts';
import { MIN_PAIRS } from './compare.ts';
import { requireKeepable } from './kept.ts';
import type { BenchResult, Comparison, Measurement } from './result.ts';

/** What a benchmark works with. */
export interface BenchContext extends MainContext {
  readonly pairs: number;
  readonly log: Log;
  /** The checkout. */
  readonly root: string;
  /** Only the cases whose name has this text. Default: all. */
  readonly only?: string;
}

/** What a benchmark has found. */
export interface Findings {
  readonly versions: Readonly<Record<string, string>>;
  readonly comparisons?: readonly Comparison[];
  readonly measurements?: readonly Measurement[];
}

/** Options of {@link benchMain}. */
export interface BenchOptions {
  /** The folder below bench/. */
  readonly name: string;
  readonly description: string;
  /** Default of `--pairs`. Default: 9. */
  readonly pairs?: number;
  readonly run: (context: BenchContext) => Promise<Findings>;
}

/** Runs a benchmark as a program: `--write` keeps its result in the checkout, else it goes to stdout. */
export async function benchMain({ name, description, pairs: usual = 9, run }: BenchOptions): Promise<void> {
  await runMain(async (main) => {
    const command = new Command(name)
      .description(description)
      .option('--pairs <number>', 'how often each comparison is run', `${usual}`)
      .option('--only <text>', 'only the cases whose name has this text')
      .option('--output <file>', 'where the result goes; default: stdout')
      .option('--write', `keep the result as bench/results/${name}.json: of all cases, of ${MIN_PAIRS} pairs or more`)
      .parse([...main.argv], { from: 'user' });
    const options = command.opts<{ pairs: string; only?: string; output?: string; write?: boolean }>();
    const log = createLog();
    const pairs = pairsOf(options.pairs);
    const only = options.only === undefined ? {} : { only: options.only };
    if (options.write === true) requireKeepable({ pairs, ...only, env: main.env });
    if (pairs < MIN_PAIRS) log.warn(`${pairs} pairs are too few for an interval that can be trusted: ${MIN_PAIRS} do`);
    const root = main.env['BUILD_WORKSPACE_DIRECTORY'] ?? process.cwd();
    const file = options.write === true ? keptFile(root, name) : options.output;
    // Of a checkout that changes meanwhile, the commit at the begin is not what was measured.
    const before = await commitOf(root);
    const found = await run({ ...main, pairs, log, root, ...only });
    if ((found.comparisons ?? []).length + (found.measurements ?? []).length === 0) throw nothingRun(options.only);
    const commit = (await commitOf(root)) === before ? before : `${before.replace('+', '')}+`;
    await writeResult(resultOf(name, commit, found), file, main.env);
    return 0;
  });
}

/** What is kept of findings: with the machine, and the commit of the checkout. */
export function resultOf(name: string, commit: string, found: Findings): BenchResult {
  const [cpu] = cpus();
  return {
    benchmark: name,
    machine: {
      cpus: cpus().length,
      ...(cpu === undefined ? {} : { cpu: cpu.model }),
      memoryBytes: totalmem(),
      kernel: release().split('.').slice(0, 2).join('.'),
    },
    versions: { node: process.version, ...found.versions },
    commit,
    comparisons: found.comparisons ?? [],
    measurements: found.measurements ?? [],
  };
}

/** Where the result of a benchmark is kept. */
export function keptFile(root: string, name: string): string {
  return join(root, 'bench/results', `${name}.json`);
}

/** Writes a result; `file` undefined: to stdout. */
export async function writeResult(
  result: BenchResult,
  file: string | undefined,
  env: Readonly<Record<string, string | undefined>>,
): Promise<void> {
  const text = `${JSON.stringify(result, null, 2)}\n`;
  if (file === undefined) {
    process.stdout.write(text);
    return;
  }
  const path = userPath(file, env);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, text);
}

function nothingRun(only: string | undefined): ToolError {
  return new ToolError('BENCH_USAGE', `Reading --only: no case has '${only ?? ''}' in its name`, {
    hint: 'Say a part of the name of a case, as bench/README.md has them.',
  });
}

function pairsOf(text: string): number {
  const pairs = Number(text);
  if (!Number.isInteger(pairs) || pairs < 1 || pairs > 1000) {
    throw new ToolError('BENCH_USAGE', `Reading --pairs: '${text}' is no number of pairs`, {
      hint: 'Say how many, from 1 to 1000: --pairs 9.',
    });
  }
  return pairs;
}

/** The commit of a checkout; with `+` where it has changes of its own. */
export async function commitOf(root: string): Promise<string> {
  const git = gitIn(root);
  const commit = (await git('rev-parse', '--short=12', 'HEAD')).trim();
  const changes = await git('status', '--porcelain', '--untracked-files=no', '--', ':!bench/results');
  return changes.trim() === '' ? commit : `${commit}+`;
}
