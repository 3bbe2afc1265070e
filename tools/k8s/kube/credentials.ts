// From a kubeconfig's credentials to an Authorization header.
// Exec plugins: https://kubernetes.io/docs/reference/config-api/client-authentication.v1/
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { ToolError, errorText } from '../../lib/errors.ts';
import { asList, at, textAt } from '../model/object.ts';
import type { ClusterAccess } from './kubeconfig.ts';

/** What credentials become on the wire. */
export interface Authorization {
  readonly header?: string;
  readonly cert?: Buffer;
  readonly key?: Buffer;
}

/** Asks for what a request must carry. Throws K8S_CREDENTIALS. */
export async function authorize(access: ClusterAccess, signal: AbortSignal): Promise<Authorization> {
  const { credentials } = access;
  switch (credentials.kind) {
    case 'none':
      return {};
    case 'token':
      return { header: `Bearer ${credentials.token}` };
    case 'basic':
      return {
        header: `Basic ${Buffer.from(`${credentials.username}:${credentials.password}`).toString('base64')}`,
      };
    case 'tokenFile':
      return { header: `Bearer ${(await readToken(access, credentials.path)).trim()}` };
    case 'exec':
      return runPlugin(access, credentials, signal);
  }
}

async function readToken(access: ClusterAccess, path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    throw failed(access, errorText(cause), cause);
  }
}

async function runPlugin(
  access: ClusterAccess,
  { exec, folder }: { readonly exec: Readonly<Record<string, unknown>>; readonly folder: string },
  signal: AbortSignal,
): Promise<Authorization> {
  const command = textAt(exec, 'command') ?? '';
  const env = asList(exec['env']).map((entry) => [textAt(entry, 'name') ?? '', textAt(entry, 'value') ?? '']);
  const apiVersion = textAt(exec, 'apiVersion') ?? 'client.authentication.k8s.io/v1';
  const request = { apiVersion, kind: 'ExecCredential', spec: { interactive: false } };
  let answer: unknown;
  try {
    const { stdout } = await promisify(execFile)(
      command.includes('/') ? join(command.startsWith('/') ? '/' : folder, command) : command,
      asList(exec['args']).map(String),
      {
        env: { ...process.env, ...Object.fromEntries(env), KUBERNETES_EXEC_INFO: JSON.stringify(request) },
        timeout: 60_000,
        signal,
      },
    );
    answer = JSON.parse(stdout);
  } catch (cause) {
    throw failed(access, `${command}: ${errorText(cause)}`, cause);
  }
  const token = textAt(answer, 'status', 'token');
  const cert = textAt(answer, 'status', 'clientCertificateData');
  const key = textAt(answer, 'status', 'clientKeyData');
  if (at(answer, 'status') === undefined) throw failed(access, `${command} printed no credential`);
  return {
    ...(token === undefined ? {} : { header: `Bearer ${token}` }),
    ...(cert === undefined || key === undefined ? {} : { cert: Buffer.from(cert), key: Buffer.from(key) }),
  };
}

function failed(access: ClusterAccess, problem: string, cause?: unknown): ToolError {
  return new ToolError('K8S_CREDENTIALS', `Getting credentials for context '${access.context}': ${problem}`, {
    cause,
    hint: `Log in to the cluster again, or correct the user in ${access.file}.`,
  });
}
