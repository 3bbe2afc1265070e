// Exec plugins: programs that print a credential. https://kubernetes.io/docs/reference/config-api/client-authentication.v1/
import { execFile } from 'node:child_process';
import { asList, at, textAt } from '../model/object.ts';
import type { Credentials } from './kubeconfig.ts';

const TIMEOUT_MS = 60_000;

/** How much of what a plugin says is told: its last lines. */
const MAX_SAID_LINES = 3;

/** A plugin that gave no credential. Quotes neither its arguments nor its output, which hold secrets. */
export class PluginFailure extends Error {
  /** What the kubeconfig says of how to get the plugin, where there is none. */
  readonly installHint: string | undefined;

  constructor(problem: string, installHint?: string) {
    super(problem);
    this.installHint = installHint;
  }
}

/** The `status` of the ExecCredential that the plugin prints. Throws PluginFailure, and what ended the signal. */
export async function runPlugin(
  { exec }: Extract<Credentials, { readonly kind: 'exec' }>,
  signal: AbortSignal,
): Promise<unknown> {
  const command = textAt(exec, 'command') ?? '';
  const env = asList(exec['env']).map((entry) => [textAt(entry, 'name') ?? '', textAt(entry, 'value') ?? '']);
  const apiVersion = textAt(exec, 'apiVersion') ?? 'client.authentication.k8s.io/v1';
  const request = { apiVersion, kind: 'ExecCredential', spec: { interactive: false } };
  if (command === '') throw new PluginFailure('the exec plugin has no command');
  const args = asList(exec['args']).map(String);
  const settings = {
    env: { ...process.env, ...Object.fromEntries(env), KUBERNETES_EXEC_INFO: JSON.stringify(request) },
    timeout: TIMEOUT_MS,
    killSignal: 'SIGKILL',
    signal,
  } as const;
  const stdout = await new Promise<string>((resolve, reject) => {
    execFile(command, args, settings, (error, output, stderr) => {
      if (error === null) return resolve(output);
      if (signal.aborted) return reject(signal.reason as Error);
      const { code, killed = false } = error;
      if (code === 'ENOENT') {
        return reject(new PluginFailure(`${command}: there is no such program`, textAt(exec, 'installHint')));
      }
      reject(new PluginFailure(`${command}: ${howItEnded(code, killed)}${lastLines(stderr)}`));
    });
  });
  const status = at(parseQuietly(stdout), 'status');
  if (status === undefined) throw new PluginFailure(`${command} printed no credential`);
  return status;
}

function howItEnded(code: unknown, killed: boolean): string {
  if (killed) return `no end within ${TIMEOUT_MS / 1000} s`;
  if (typeof code === 'number') return `exit code ${code}`;
  return typeof code === 'string' ? `it can't be run (${code})` : 'it was ended by a signal';
}

function lastLines(stderr: string): string {
  const lines = stderr.split('\n').flatMap((line) => (line.trim() === '' ? [] : [line.trim()]));
  return lines.length === 0 ? '' : `: ${lines.slice(-MAX_SAID_LINES).join('; ')}`;
}

/** JSON.parse's own words quote the text, and with it the credential. */
function parseQuietly(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
