// From a kubeconfig's context to how its cluster is reached. Read without a library, as loading one costs more than the
// whole verb. Format: https://kubernetes.io/docs/reference/config-api/kubeconfig.v1/
import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { ToolError, errorText } from '../../lib/errors.ts';
import { checkProxy } from '../../lib/proxy.ts';
import { userPath } from '../../lib/runfiles.ts';
import { stateRoot } from '../../lib/state.ts';
import { asList, asRecord, textAt } from '../model/object.ts';
import { type Entry, type Kubeconfig, invalid, readKubeconfigs } from './kubeconfig_files.ts';

/** How to reach one API server, and as whom. */
export interface ClusterAccess {
  readonly context: string;
  /** The file that has the cluster: with several in KUBECONFIG, not always the one that has the context. */
  readonly file: string;
  /** All files that it was put together from. Default: `file` alone. */
  readonly files?: readonly string[];
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
  /** The headers that say as whom requests are made, where that is somebody else than who logs in. Default: none. */
  readonly impersonation?: RequestHeaders;
  /** The URL of the proxy that leads there, `none` where none does. Default: the environment's. */
  readonly proxy?: string;
}

/** Headers of a request; one with several values is sent as often. */
export type RequestHeaders = Readonly<Record<string, string | string[]>>;

/** An extension of a kubeconfig's cluster that is on this machine, at an address that no proxy knows. */
export const ON_THIS_MACHINE = { name: 'fathom', extension: { onThisMachine: true } } as const;

/** What says who we are, beside a client certificate. */
export type Credentials =
  | { readonly kind: 'none' }
  | { readonly kind: 'token'; readonly token: string }
  | { readonly kind: 'tokenFile'; readonly path: string }
  | { readonly kind: 'basic'; readonly username: string; readonly password: string }
  | { readonly kind: 'exec'; readonly exec: Readonly<Record<string, unknown>> };

/** Options of {@link findCluster}. */
export interface FindClusterOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The context; where empty, the one of `cluster` is searched. */
  readonly context: string;
  /** The kubeconfig's cluster, or the name of a cluster in the state folder. */
  readonly cluster: string;
  /** The kubeconfig's user. Default: the context's. */
  readonly user: string;
  /** Files to read instead of the search, as one: the attribute's or the command line's. */
  readonly files: readonly string[];
}

/** A context, with the cluster and the user that it names. */
export interface FoundContext {
  readonly context: Entry;
  readonly cluster: Entry;
  /** Nobody, where it names none. */
  readonly user: Entry | undefined;
  readonly files: readonly string[];
}

/** What is searched, one after another: the files of $KUBECONFIG, which count as one, the state folder's, the home folder's. */
function searchPath(cluster: string, env: FindClusterOptions['env']): string[][] {
  const own = (env['KUBECONFIG'] ?? '').split(delimiter).filter((path) => path !== '');
  const state = /^[a-z0-9-]+$/.test(cluster) ? [join(stateRoot(env), cluster, 'kubeconfig')] : [];
  return [own.map((path) => userPath(path, env)), state, [join(env['HOME'] ?? homedir(), '.kube', 'config')]];
}

/**
 * The named context; never the files' current one.
 * Throws K8S_NO_CONTEXT (with the files searched), K8S_KUBECONFIG_INVALID, K8S_CONTEXT_UNSET.
 */
export async function findContext(options: FindClusterOptions): Promise<FoundContext> {
  const { context, cluster } = options;
  if (context === '' && cluster === '') {
    throw new ToolError('K8S_CONTEXT_UNSET', 'Choosing a cluster: neither context nor cluster is set', {
      hint: 'Give the k8s_object an environment, a context or a cluster.',
    });
  }
  const groups = options.files.length > 0 ? [options.files] : searchPath(cluster, options.env);
  const searched = new Map<string, boolean>();
  for (const files of groups) {
    const config = await readKubeconfigs(files.filter((file) => !searched.has(file)));
    for (const file of files) searched.set(file, searched.get(file) === true || config.files.includes(file));
    const entry = config.contexts.find(({ name, fields }) =>
      context === '' ? textAt(fields, 'cluster') === cluster : name === context,
    );
    if (entry !== undefined) return completed(entry, config, options.user);
  }
  const what = context === '' ? `no context for cluster '${cluster}'` : `no context '${context}'`;
  const where = [...searched].map(([file, isThere]) => (isThere ? file : `${file} (no such file)`));
  throw new ToolError('K8S_NO_CONTEXT', `Choosing a cluster: ${what} in ${where.join(', ')}`, {
    hint: 'Run `./fathom up` to start the cluster, or name a kubeconfig with --kubeconfig or KUBECONFIG.',
  });
}

/** {@link findContext}, and how its cluster is reached. Throws K8S_AUTH_UNSUPPORTED as well. */
export async function findCluster(options: FindClusterOptions): Promise<ClusterAccess> {
  return accessBy(await findContext(options));
}

function completed(context: Entry, { clusters, users, files }: Kubeconfig, otherUser: string): FoundContext {
  const named = (entries: readonly Entry[], field: string, name: string | undefined): Entry => {
    const found = entries.find((entry) => entry.name === name);
    if (found !== undefined) return found;
    throw invalid(files.join(', '), `${field} '${name ?? ''}' of context '${context.name}' is missing`);
  };
  const user = otherUser === '' ? (textAt(context.fields, 'user') ?? '') : otherUser;
  return {
    context,
    cluster: named(clusters, 'cluster', textAt(context.fields, 'cluster')),
    user: user === '' ? undefined : named(users, 'user', user),
    files,
  };
}

/** How the cluster of a context is reached. Throws K8S_KUBECONFIG_INVALID, K8S_AUTH_UNSUPPORTED. */
export async function accessBy({ context, cluster, user, files }: FoundContext): Promise<ClusterAccess> {
  const text = (field: string) => textAt(cluster.fields, field) ?? '';
  const server = text('server');
  if (!/^https?:\/\//.test(server)) {
    throw invalid(cluster.file, `the cluster of context '${context.name}' has no server address`);
  }
  const [ca, cert, key] = await Promise.all([
    bytesOf(cluster, 'certificate-authority'),
    bytesOf(user, 'client-certificate'),
    bytesOf(user, 'client-key'),
  ]);
  const servername = text('tls-server-name');
  const impersonation = user === undefined ? {} : impersonationOf(user, context.name);
  const isHere = asList(cluster.fields['extensions']).some((one) => isDeepStrictEqual(one, ON_THIS_MACHINE));
  const proxy = isHere ? 'none' : text('proxy-url') === '' ? undefined : checkProxy(text('proxy-url'));
  if (text('proxy-url') !== '' && proxy === undefined) {
    throw invalid(cluster.file, `the proxy-url of context '${context.name}' is that of no http or https proxy`);
  }
  return {
    context: context.name,
    file: cluster.file,
    files,
    server,
    namespace: textAt(context.fields, 'namespace'),
    tls: {
      ...(ca === undefined ? {} : { ca }),
      ...(cert === undefined ? {} : { cert }),
      ...(key === undefined ? {} : { key }),
      ...(servername === '' ? {} : { servername }),
      ...(cluster.fields['insecure-skip-tls-verify'] === true ? { rejectUnauthorized: false } : {}),
    },
    credentials: user === undefined ? { kind: 'none' } : credentialsOf(user, context.name),
    ...(Object.keys(impersonation).length === 0 ? {} : { impersonation }),
    ...(proxy === undefined ? {} : { proxy }),
  };
}

/** `<field>-data` (base64) or the file that `<field>` names. */
async function bytesOf(entry: Entry | undefined, field: string): Promise<Buffer | undefined> {
  if (entry === undefined) return undefined;
  const data = entry.fields[`${field}-data`];
  if (typeof data === 'string' && data !== '') return Buffer.from(data, 'base64');
  const path = entry.fields[field];
  if (typeof path !== 'string' || path === '') return undefined;
  try {
    return await readFile(path);
  } catch (error) {
    throw invalid(entry.file, `${field} ${path}: ${errorText(error)}`, error);
  }
}

function credentialsOf({ fields, file }: Entry, context: string): Credentials {
  const text = (field: string) => textAt(fields, field) ?? '';
  if (text('tokenFile') !== '') return { kind: 'tokenFile', path: text('tokenFile') };
  if (text('token') !== '') return { kind: 'token', token: text('token') };
  if (text('username') !== '') return { kind: 'basic', username: text('username'), password: text('password') };
  const exec = asRecord(fields['exec']);
  if (exec !== undefined) return { kind: 'exec', exec };
  if (fields['auth-provider'] !== undefined) {
    throw new ToolError('K8S_AUTH_UNSUPPORTED', `Reading context '${context}' of ${file}: it has an auth-provider`, {
      hint: 'Use an exec credential plugin: Kubernetes 1.26 took auth-providers out.',
    });
  }
  return { kind: 'none' };
}

/**
 * As whom a user acts: `as`, `as-uid`, `as-groups`, `as-user-extra`. Throws K8S_KUBECONFIG_INVALID.
 * https://kubernetes.io/docs/reference/access-authn-authz/authentication/#user-impersonation
 */
function impersonationOf({ fields, file }: Entry, context: string): RequestHeaders {
  const [name, uid] = [textAt(fields, 'as') ?? '', textAt(fields, 'as-uid') ?? ''];
  const groups = asList(fields['as-groups']).map((group) => headerText(String(group)));
  const extra = Object.entries(asRecord(fields['as-user-extra']) ?? {});
  if (name === '' && (uid !== '' || groups.length + extra.length > 0)) {
    throw invalid(file, `the user of context '${context}' has as-uid, as-groups or as-user-extra, but no as`);
  }
  return {
    ...(name === '' ? {} : { 'impersonate-user': headerText(name) }),
    ...(uid === '' ? {} : { 'impersonate-uid': headerText(uid) }),
    ...(groups.length === 0 ? {} : { 'impersonate-group': groups }),
    ...Object.fromEntries(
      extra.map(([key, values]) => {
        const texts = asList(values).map((value) => headerText(String(value)));
        return [`impersonate-extra-${headerName(key)}`, texts];
      }),
    ),
  };
}

/** Node writes headers in Latin-1; the server reads UTF-8. */
function headerText(text: string): string {
  return Buffer.from(text).toString('latin1');
}

/** The server takes what a header's name may not have percent-encoded. */
function headerName(key: string): string {
  return encodeURIComponent(key).replaceAll('(', '%28').replaceAll(')', '%29');
}
