// The engine as a process of its own, as `bazel run` starts it.
import { type ChildProcess, spawn } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { runfile } from '../../lib/runfiles.ts';
import type { ApiServer } from './apiserver.ts';
import { type TestStack, withPlan } from './stack.ts';

/** What came of a process. */
export interface Outcome {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Options of {@link runEngine}. */
export interface EngineOptions {
  readonly verb: string;
  /** When it is ended, in milliseconds. Default: 120 000. */
  readonly endsWithinMs?: number;
  /** Called when it has started. */
  readonly onStart?: (child: ChildProcess) => void;
  /** Called for each event of `--output=json`, in order. */
  readonly onEvent?: (event: Readonly<Record<string, unknown>>, child: ChildProcess) => void;
}

/** How to start the engine. */
export interface EngineStart {
  readonly program: string;
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
}

/** Writes a stack's plan, for the time of `use`, which starts the engine by it. */
export function withEngine<T>(
  server: Pick<ApiServer, 'kubeconfig' | 'context'>,
  stack: TestStack,
  verb: string,
  use: (start: EngineStart) => Promise<T>,
): Promise<T> {
  // The plan's paths are of runfiles; these files are elsewhere.
  const root = runfile('');
  return withPlan(server, stack, async ({ input, folder, env }) => {
    const sets = input.sets.map((set) => ({
      ...set,
      objects: set.objects.map((one) => (typeof one === 'string' ? relative(root, join(folder, one)) : one)),
    }));
    const plan = join(folder, 'plan.json');
    // As those of a BUILD file: a test gives several verbs the same.
    const given = ['--kubeconfig', join(folder, 'kubeconfig'), ...(stack.args ?? [])];
    await writeFile(plan, JSON.stringify({ ...input, sets, args: given }));
    return use({
      program: runfile('fathom/tools/k8s/engine'),
      args: [`--verb=${verb}`, '--plan', plan],
      env: { PATH: process.env['PATH'], ...env },
    });
  });
}

/** Runs a verb on a stack until it ends. */
export function runEngine(
  server: Pick<ApiServer, 'kubeconfig' | 'context'>,
  stack: TestStack,
  { verb, onStart, onEvent, endsWithinMs = 120_000 }: EngineOptions,
): Promise<Outcome> {
  return withEngine(server, stack, verb, ({ program, args, env }) => {
    const child = spawn(program, args, { env, stdio: ['ignore', 'pipe', 'pipe'], timeout: endsWithinMs });
    onStart?.(child);
    let stdout = '';
    let rest = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
      const lines = (rest + text).split('\n');
      rest = lines.pop() ?? '';
      if (onEvent !== undefined) for (const line of lines) onEvent(JSON.parse(line), child);
    });
    let stderr = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    return new Promise<Outcome>((resolve, reject) => {
      child.on('error', reject);
      child.on('close', (code, signal) => resolve({ code, signal, stdout, stderr }));
    });
  });
}
