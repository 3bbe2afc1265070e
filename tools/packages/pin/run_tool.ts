// Runs the ecosystem's own client.
import { spawn } from 'node:child_process';
import { ToolError, systemErrorCode } from '../../lib/errors.ts';

/** Options of {@link runTool}. */
export interface RunToolOptions {
  /** Participle and object: `Resolving the artifacts of x.json`. */
  readonly doing: string;
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly signal: AbortSignal;
  /** What mends a failure, and what provides the program where it is missing. */
  readonly hint: string;
  readonly missingHint: string;
  /** In milliseconds. Default: 900 000. */
  readonly timeoutMs?: number;
}

/** Its standard output. Throws PIN_TOOL_MISSING, PIN_TOOL_FAILED with the end of what it said. */
export async function runTool(program: string, args: readonly string[], options: RunToolOptions): Promise<string> {
  const signal = AbortSignal.any([options.signal, AbortSignal.timeout(options.timeoutMs ?? 900_000)]);
  const child = spawn(program, args, { cwd: options.cwd, env: options.env, signal, stdio: ['ignore', 'pipe', 'pipe'] });
  const output: Buffer[] = [];
  const said: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => output.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => said.push(chunk));
  const ended = new Promise<number | string>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, name) => resolve(code ?? name ?? 'a signal'));
  });
  let code: number | string;
  try {
    code = await ended;
  } catch (error) {
    if (options.signal.aborted) throw options.signal.reason;
    if (systemErrorCode(error) === 'ENOENT') {
      throw new ToolError('PIN_TOOL_MISSING', `${options.doing}: there is no ${program} on PATH`, {
        cause: error,
        hint: options.missingHint,
      });
    }
    throw new ToolError('PIN_TOOL_FAILED', `${options.doing}: ${program} was ended`, {
      cause: error,
      hint: options.hint,
    });
  }
  const text = Buffer.concat(output).toString('utf8');
  if (code === 0) return text;
  const words = `${Buffer.concat(said).toString('utf8')}${text}`.trim().slice(-3000);
  throw new ToolError('PIN_TOOL_FAILED', `${options.doing}: ${program} ended with ${code}\n${words}`, {
    hint: options.hint,
  });
}
