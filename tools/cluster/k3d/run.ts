// Carries steps out: looks, acts where needed, looks again; each program with a deadline, its last words in the error.
import { spawn } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { ToolError, errorText, systemErrorCode } from '../../lib/errors.ts';
import { step as logged, type Log } from '../../lib/log.ts';
import { shown, type Command, type Probe, type Step } from './step.ts';

const POLL_MS = 500;
const MAX_OUTPUT = 1_000_000;
// A look that begins in time may end, so that the error has what it saw.
const LOOK_TIMEOUT_MS = 30_000;

/** Options of {@link runSteps}. */
export interface RunOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly log: Log;
  readonly signal: AbortSignal;
  /** Default: half a second between two looks. */
  readonly pollMs?: number;
}

interface Outcome {
  readonly code: number;
  readonly stdout: string;
  /** What it said last. */
  readonly tail: string;
  readonly isLate: boolean;
}

/** Carries steps out in order. Throws K3D_COMMAND, K3D_UNEXPECTED, CLUSTER_NOT_READY. */
export async function runSteps(steps: readonly Step[], options: RunOptions): Promise<void> {
  for (const step of steps) await runStep(step, options);
}

async function runStep(step: Step, options: RunOptions): Promise<void> {
  const deadline = performance.now() + step.timeoutMs;
  if (step.act.length > 0 && step.check.length > 0 && (await problemOf(step, options)) === undefined) return;
  let last = '';
  await logged(
    step.what,
    async () => {
      for (const command of step.act) {
        const outcome = await run(command, deadline, { ...options, onLine: (line) => (last = line) });
        if (outcome.code !== 0) throw failed(step, command, outcome);
      }
      await awaitCheck(step, deadline, { ...options, onProblem: (problem) => (last = problem) });
    },
    { log: options.log, detail: () => last },
  );
}

async function awaitCheck(
  step: Step,
  deadline: number,
  options: RunOptions & { readonly onProblem: (problem: string) => void },
): Promise<void> {
  let since: number | undefined;
  for (;;) {
    const problem = await problemOf(step, options);
    const now = performance.now();
    since = problem === undefined ? (since ?? now) : undefined;
    if (since !== undefined && now - since >= (step.holdMs ?? 0)) return;
    if (problem !== undefined) options.onProblem(problem);
    if (now > deadline) {
      const why = problem ?? `it lasted only ${Math.round((now - (since ?? now)) / 1000)} s`;
      throw new ToolError('CLUSTER_NOT_READY', `${step.what}: not after ${step.timeoutMs / 1000} s: ${why}`, {
        hint: step.hint,
      });
    }
    await sleep(options.pollMs ?? POLL_MS, undefined, { signal: options.signal }).catch(() =>
      options.signal.throwIfAborted(),
    );
  }
}

/** Undefined when the check finds all that it wants, else what it found. Throws K3D_UNEXPECTED for what is refused. */
async function problemOf(step: Step, options: RunOptions): Promise<string | undefined> {
  for (const probe of step.check) {
    const outcome = await run(probe.command, performance.now() + LOOK_TIMEOUT_MS, options);
    const problem = judge(probe, outcome);
    if (problem === undefined) continue;
    if (probe.refusal === undefined || outcome.code !== 0) return problem;
    throw new ToolError('K3D_UNEXPECTED', `${step.what}: ${problem}`, { hint: probe.refusal });
  }
  return undefined;
}

function judge({ command, accepts }: Probe, { code, stdout, tail, isLate }: Outcome): string | undefined {
  if (code !== 0 && isLate) return `\`${shown(command)}\` has not ended after ${LOOK_TIMEOUT_MS / 1000} s`;
  if (code !== 0) return `\`${shown(command)}\` exits with ${code}${tail === '' ? '' : `: ${tail}`}`;
  const output = stdout.trim();
  if (accepts === undefined || accepts.includes(output)) return undefined;
  return `\`${shown(command)}\` says '${output}', not '${accepts.join("' or '")}'`;
}

function failed(step: Step, command: Command, { code, tail, isLate }: Outcome): ToolError {
  const how = isLate ? `not done after ${step.timeoutMs / 1000} s` : `exited with ${code}`;
  return new ToolError(
    'K3D_COMMAND',
    `${step.what}: \`${shown({ argv: command.argv })}\` ${how}${tail === '' ? '' : `: ${tail}`}`,
    {
      hint: step.hint,
    },
  );
}

async function run(
  command: Command,
  deadline: number,
  { env, signal, onLine }: RunOptions & { readonly onLine?: (line: string) => void },
): Promise<Outcome> {
  const [program, ...args] = command.argv;
  const late = AbortSignal.timeout(Math.max(1, Math.ceil(deadline - performance.now())));
  const child = spawn(program, args, {
    env: { ...env },
    stdio: ['pipe', 'pipe', 'pipe'],
    signal: AbortSignal.any([signal, late]),
    killSignal: 'SIGKILL',
  });
  let stdout = '';
  const said: string[] = [];
  const hear = (text: string) => {
    for (const line of text.split('\n').filter((one) => one.trim() !== '')) {
      said.push(line.trim());
      onLine?.(line.trim());
    }
    said.splice(0, said.length - 3);
  };
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    if (stdout.length < MAX_OUTPUT) stdout += text;
    // What goes to a file is nobody's to read.
    if (command.to === undefined) hear(text);
  });
  child.stderr.setEncoding('utf8').on('data', hear);
  // A program that ends before it has read everything says why itself.
  child.stdin.on('error', () => undefined).end(command.stdin ?? '');
  const code = await new Promise<number>((resolve, reject) => {
    child.on('error', (error) => {
      if (error.name === 'AbortError') return;
      reject(cannotStart(program, error));
    });
    // What it started itself may hold its output open for longer.
    child.on('exit', () => child.killed && [child.stdout, child.stderr].forEach((stream) => stream.destroy()));
    child.on('close', (exit) => resolve(exit ?? 1));
  });
  signal.throwIfAborted();
  if (code === 0 && command.to !== undefined) await writeFile(command.to, stdout, { mode: 0o600 });
  return { code, stdout, tail: said.join(' | '), isLate: late.aborted };
}

function cannotStart(program: string, cause: Error): ToolError {
  const isMissing = systemErrorCode(cause) === 'ENOENT';
  return new ToolError('K3D_COMMAND', `Starting ${program}: ${isMissing ? 'it is not on PATH' : errorText(cause)}`, {
    cause,
    hint: isMissing ? `Install ${program}, or choose another provider: --provider=embedded.` : 'Mend its installation.',
  });
}
