// From a kubeconfig's credentials to an Authorization header.
import { readFile } from 'node:fs/promises';
import { ToolError, errorText } from '../../lib/errors.ts';
import { textAt } from '../model/object.ts';
import { PluginFailure, runPlugin } from './exec_plugin.ts';
import type { ClusterAccess, Credentials } from './kubeconfig.ts';

/** What credentials become on the wire. */
export interface Authorization {
  readonly header?: string;
  readonly cert?: Buffer;
  readonly key?: Buffer;
  /** When it ends, as Date counts. Default: it is not known. */
  readonly expiresMs?: number;
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
      return askPlugin(access, credentials, signal);
  }
}

async function readToken(access: ClusterAccess, path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    throw failed(access, errorText(cause), { cause });
  }
}

async function askPlugin(
  access: ClusterAccess,
  credentials: Extract<Credentials, { readonly kind: 'exec' }>,
  signal: AbortSignal,
): Promise<Authorization> {
  const status = await runPlugin(credentials, signal).catch((error: unknown) => {
    if (error instanceof PluginFailure) throw failed(access, error.message, { hint: error.installHint });
    throw error;
  });
  const token = textAt(status, 'token');
  const cert = textAt(status, 'clientCertificateData');
  const key = textAt(status, 'clientKeyData');
  const expiresMs = Date.parse(textAt(status, 'expirationTimestamp') ?? '');
  return {
    ...(token === undefined ? {} : { header: `Bearer ${token}` }),
    ...(cert === undefined || key === undefined ? {} : { cert: Buffer.from(cert), key: Buffer.from(key) }),
    ...(Number.isNaN(expiresMs) ? {} : { expiresMs }),
  };
}

function failed(
  access: ClusterAccess,
  problem: string,
  { cause, hint }: { readonly cause?: unknown; readonly hint?: string | undefined } = {},
): ToolError {
  return new ToolError('K8S_CREDENTIALS', `Getting credentials for context '${access.context}': ${problem}`, {
    cause,
    hint: hint ?? `Log in to the cluster again, or correct the user in ${access.file}.`,
  });
}
