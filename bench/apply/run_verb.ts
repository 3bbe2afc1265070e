// A verb as a process of its own: how long it takes, how much memory, and what it found.
import { spawn } from 'node:child_process';
import { type Sample, measure } from '../lib/measure.ts';

export type Verb = 'apply' | 'diff';

/** What a verb took. */
export interface Outcome extends Sample {
  /** Of a diff: whether something differs. */
  readonly differs: boolean;
}

/** Options of {@link runVerb}. */
export interface VerbOptions {
  readonly verb: Verb;
  readonly program: string;
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
}

const ENDS_WITHIN_MS = 900_000;

/** Runs a verb. The clock runs from the start of the process to its end; rejects where that is no success. */
export async function runVerb({ verb, program, args, env }: VerbOptions): Promise<Outcome> {
  const end = { code: null as number | null, stderr: '' };
  const sample = await measure(async (onStart) => {
    const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'], timeout: ENDS_WITHIN_MS, env });
    onStart(child);
    // What it tells is read, as a terminal would.
    child.stdout.resume();
    child.stderr.setEncoding('utf8').on('data', (text: string) => (end.stderr += text));
    end.code = await new Promise<number | null>((resolve, reject) => child.on('error', reject).on('close', resolve));
  });
  // A diff exits 1 when something differs, and by more when it fails: kubectl's and ours.
  const differs = verb === 'diff' && end.code === 1;
  if (end.code !== 0 && !differs) throw new Error(`${program} ended with ${end.code}: ${end.stderr.slice(-4000)}`);
  return { ...sample, differs };
}
