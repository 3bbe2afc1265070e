// Kubeconfig files: found by a fixed order, read without a library, as loading one costs more than the whole verb.
// Format: https://kubernetes.io/docs/reference/config-api/kubeconfig.v1/
import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { delimiter, dirname, isAbsolute, join } from 'node:path';
import { ToolError, errorText, systemErrorCode } from '../../lib/errors.ts';
import { checkProxy } from '../../lib/proxy.ts';
import { stateRoot } from '../../lib/state.ts';
import { asList, asRecord, at, textAt } from '../model/object.ts';
import { UnreadableYaml, readYaml } from './read_yaml.ts';

/** How to reach one API server, and as whom. */
export interface ClusterAccess {
  readonly context: string;
  /** The file that named the context. */
  readonly file: string;
  readonly server: string;
  readonly namespace: string | undefined;
  readonly tls: {
    readonly ca?: Buffer;
    readonly cert?: Buffer;
    readonly key?: Buffer;
    readonly servername?: string;
    readonly rejectUnauthorized?: boolean;
  };
  readonly credentials: Credentials;
  /** The URL of the proxy that leads there. Default: the environment's. */
  readonly proxy?: string;
}

/** What says who we are, beside a client certificate. */
export type Credentials =
  | { readonly kind: 'none' }
  | { readonly kind: 'token'; readonly token: string }
  | { readonly kind: 'tokenFile'; readonly path: string }
  | { readonly kind: 'basic'; readonly username: string; readonly password: string }
  | { readonly kind: 'exec'; readonly exec: Readonly<Record<string, unknown>>; readonly folder: string };

/** Options of {@link findCluster}. */
export interface FindClusterOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The context; where empty, the one of `cluster` is searched. */
  readonly context: string;
  /** The kubeconfig's cluster, or the name of a cluster in the state folder. */
  readonly cluster: string;
  /** The kubeconfig's user. Default: the context's. */
  readonly user: string;
  /** Files to read, in order, instead of the search: the attribute's or the command line's. */
  readonly files: readonly string[];
}

/** The files that are searched: $KUBECONFIG's, the state folder's, the home folder's. */
export function searchPath(cluster: string, env: FindClusterOptions['env']): string[] {
  const own = (env['KUBECONFIG'] ?? '').split(delimiter).filter((path) => path !== '');
  const state = /^[a-z0-9-]+$/.test(cluster) ? [join(stateRoot(env), cluster, 'kubeconfig')] : [];
  return [...new Set([...own, ...state, join(env['HOME'] ?? homedir(), '.kube', 'config')])];
}

/**
 * The named context, from the first file that has it; never the file's current one.
 * Throws K8S_NO_CONTEXT (with the files searched), K8S_KUBECONFIG_INVALID, K8S_CONTEXT_UNSET.
 */
export async function findCluster(options: FindClusterOptions): Promise<ClusterAccess> {
  const { context, cluster } = options;
  if (context === '' && cluster === '') {
    throw new ToolError('K8S_CONTEXT_UNSET', 'Choosing a cluster: neither context nor cluster is set', {
      hint: 'Give the k8s_object an environment, a context or a cluster.',
    });
  }
  const files = options.files.length > 0 ? options.files : searchPath(cluster, options.env);
  const searched: string[] = [];
  for (const file of files) {
    const config = await readKubeconfig(file);
    searched.push(config === undefined ? `${file} (no such file)` : file);
    if (config === undefined) continue;
    const entry = asList(config['contexts']).find((candidate) =>
      context === '' ? textAt(candidate, 'context', 'cluster') === cluster : textAt(candidate, 'name') === context,
    );
    if (entry !== undefined) return resolveContext(file, config, { entry, user: options.user });
  }
  const what = context === '' ? `no context for cluster '${cluster}'` : `no context '${context}'`;
  throw new ToolError('K8S_NO_CONTEXT', `Choosing a cluster: ${what} in ${searched.join(', ')}`, {
    hint: 'Run `./fathom up` to start the cluster, or name a kubeconfig with --kubeconfig or KUBECONFIG.',
  });
}

async function readKubeconfig(file: string): Promise<Readonly<Record<string, unknown>> | undefined> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    const code = systemErrorCode(error);
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw invalid(file, errorText(error), error);
  }
  if (text.trim() === '') return {};
  try {
    return asRecord(readYaml(text)) ?? invalidValue(file);
  } catch (error) {
    if (error instanceof UnreadableYaml) throw invalid(file, error.message);
    throw error;
  }
}

function invalidValue(file: string): never {
  throw invalid(file, 'it is no kubeconfig');
}

function invalid(file: string, problem: string, cause?: unknown): ToolError {
  return new ToolError('K8S_KUBECONFIG_INVALID', `Reading kubeconfig ${file}: ${problem}`, {
    cause,
    hint: 'Correct the file, or name another with --kubeconfig.',
  });
}

async function resolveContext(
  file: string,
  config: Readonly<Record<string, unknown>>,
  chosen: { readonly entry: unknown; readonly user: string },
): Promise<ClusterAccess> {
  const { entry } = chosen;
  const named = (list: string, name: string | undefined, field: string): Readonly<Record<string, unknown>> => {
    const found = asList(config[list]).find((candidate) => textAt(candidate, 'name') === name);
    return (
      asRecord(at(found, field)) ?? invalidEntry(file, `${field} '${name ?? ''}' of context '${context}' is missing`)
    );
  };
  const context = textAt(entry, 'name') ?? '';
  const userName = chosen.user === '' ? textAt(entry, 'context', 'user') : chosen.user;
  const cluster = named('clusters', textAt(entry, 'context', 'cluster'), 'cluster');
  const user = userName === undefined || userName === '' ? {} : named('users', userName, 'user');
  const server = textAt(cluster, 'server');
  if (server === undefined || !/^https?:\/\//.test(server)) {
    throw invalid(file, `the cluster of context '${context}' has no server address`);
  }
  const material = (from: Readonly<Record<string, unknown>>, field: string) => bytesOf(file, from, field);
  const [ca, cert, key] = await Promise.all([
    material(cluster, 'certificate-authority'),
    material(user, 'client-certificate'),
    material(user, 'client-key'),
  ]);
  const servername = textAt(cluster, 'tls-server-name');
  const proxyUrl = textAt(cluster, 'proxy-url') ?? '';
  const proxy = proxyUrl === '' ? undefined : checkProxy(proxyUrl);
  if (proxyUrl !== '' && proxy === undefined) {
    throw invalid(file, `the proxy-url of context '${context}' is that of no http or https proxy`);
  }
  return {
    context,
    file,
    server,
    namespace: textAt(entry, 'context', 'namespace'),
    tls: {
      ...(ca === undefined ? {} : { ca }),
      ...(cert === undefined ? {} : { cert }),
      ...(key === undefined ? {} : { key }),
      ...(servername === undefined ? {} : { servername }),
      ...(cluster['insecure-skip-tls-verify'] === true ? { rejectUnauthorized: false } : {}),
    },
    credentials: credentialsOf(file, user, context),
    ...(proxy === undefined ? {} : { proxy }),
  };
}

function invalidEntry(file: string, problem: string): never {
  throw invalid(file, problem);
}

/** `<field>-data` (base64) or the file that `<field>` names, relative to the kubeconfig. */
async function bytesOf(
  file: string,
  from: Readonly<Record<string, unknown>>,
  field: string,
): Promise<Buffer | undefined> {
  const data = from[`${field}-data`];
  if (typeof data === 'string' && data !== '') return Buffer.from(data, 'base64');
  const path = from[field];
  if (typeof path !== 'string' || path === '') return undefined;
  const absolute = isAbsolute(path) ? path : join(dirname(file), path);
  try {
    return await readFile(absolute);
  } catch (error) {
    throw invalid(file, `${field} ${absolute}: ${errorText(error)}`, error);
  }
}

function credentialsOf(file: string, user: Readonly<Record<string, unknown>>, context: string): Credentials {
  const text = (field: string) => textAt(user, field);
  const tokenFile = text('tokenFile');
  const token = text('token');
  const username = text('username');
  const exec = asRecord(user['exec']);
  if (tokenFile !== undefined && tokenFile !== '') {
    return { kind: 'tokenFile', path: isAbsolute(tokenFile) ? tokenFile : join(dirname(file), tokenFile) };
  }
  if (token !== undefined && token !== '') return { kind: 'token', token };
  if (username !== undefined && username !== '') {
    return { kind: 'basic', username, password: text('password') ?? '' };
  }
  if (exec !== undefined) return { kind: 'exec', exec, folder: dirname(file) };
  if (user['auth-provider'] !== undefined) {
    throw new ToolError('K8S_AUTH_UNSUPPORTED', `Reading context '${context}' of ${file}: it has an auth-provider`, {
      hint: 'Use an exec credential plugin: Kubernetes 1.26 took auth-providers out.',
    });
  }
  return { kind: 'none' };
}
