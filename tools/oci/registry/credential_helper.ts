// Programs that keep credentials: `docker-credential-<name> get` with the server's name on stdin.
// Protocol: https://github.com/docker/docker-credential-helpers#development
import { spawn } from 'node:child_process';
import { ToolError, systemErrorCode } from '../../lib/errors.ts';
import type { Credentials } from './docker_config.ts';

export interface HelperOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly signal: AbortSignal;
  /** How long it may take, in milliseconds. Default: 30 000 (cloud helpers ask their own servers). */
  readonly deadlineMs?: number;
}

/** The answer, beside a failing exit code, by which the protocol says that nothing is stored: its only sign. */
const NOT_FOUND = 'credentials not found in native keychain';

/** How long output may come after the helper has ended, in milliseconds. */
const GRACE_MS = 1000;

const MAX_OUTPUT_BYTES = 1024 * 1024;

/**
 * Asks a helper. Undefined: it has nothing for this server.
 * Throws OCI_CREDENTIAL_HELPER_FAILED, which never quotes the helper: what it writes may be secret.
 */
export async function askCredentialHelper(
  helper: string,
  server: string,
  options: HelperOptions,
): Promise<Credentials | undefined> {
  const program = `docker-credential-${helper}`;
  const failed = (problem: string, cause?: unknown) =>
    new ToolError('OCI_CREDENTIAL_HELPER_FAILED', `Asking ${program} for the login of ${server}: ${problem}`, {
      cause,
      hint: `Run \`echo ${server} | ${program} get\` and mend what it says, or take it out of Docker's config.json.`,
    });
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(helper)) throw failed('it has no name of a program');
  const deadlineMs = options.deadlineMs ?? 30_000;
  const deadline = AbortSignal.timeout(deadlineMs);
  let answer: { readonly code: number | null; readonly output: string };
  try {
    answer = await run(program, server, { env: options.env, signal: AbortSignal.any([options.signal, deadline]) });
  } catch (error) {
    if (options.signal.aborted) throw options.signal.reason;
    if (deadline.aborted) throw failed(`no answer within ${deadlineMs / 1000} s`);
    if (systemErrorCode(error) === 'ENOENT') throw failed('no such program on PATH', error);
    throw failed(`it can't be run (${systemErrorCode(error) ?? 'no reason given'})`, error);
  }
  if (answer.code !== 0) {
    if (answer.output.trim() === NOT_FOUND) return undefined;
    throw failed(`it ended with exit code ${answer.code ?? 'of a signal'}`);
  }
  return parseAnswer(answer.output) ?? Promise.reject(failed('its answer has no Username and Secret'));
}

function run(
  program: string,
  input: string,
  options: { readonly env: HelperOptions['env']; readonly signal: AbortSignal },
): Promise<{ code: number | null; output: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, ['get'], {
      env: { ...options.env },
      stdio: ['pipe', 'pipe', 'ignore'],
      signal: options.signal,
      killSignal: 'SIGKILL',
    });
    let output = '';
    child.on('error', reject);
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      output += text;
      if (output.length > MAX_OUTPUT_BYTES) child.kill('SIGKILL');
    });
    // A helper may end before it has read its input.
    child.stdin.on('error', () => undefined);
    child.stdin.end(`${input}\n`);
    child.on('close', (code) => resolve({ code, output }));
    // What a helper started may hold the pipe open for long: then the helper's own end counts.
    child.on('exit', (code) => setTimeout(() => resolve({ code, output }), GRACE_MS).unref());
  });
}

function parseAnswer(output: string): Credentials | undefined {
  let value: unknown;
  try {
    value = JSON.parse(output);
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null) return undefined;
  const { Username: username, Secret: secret } = value as Readonly<Record<string, unknown>>;
  if (typeof username !== 'string' || typeof secret !== 'string' || secret === '') return undefined;
  return username === '<token>' ? { identityToken: secret } : { username, password: secret };
}
