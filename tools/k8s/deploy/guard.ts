// What keeps a verb from the wrong cluster, and a protected environment from what nobody reviewed.
import { X509Certificate } from 'node:crypto';
import { ToolError } from '../../lib/errors.ts';
import { readClusterState } from '../../lib/state.ts';
import { type ClusterAccess, findCluster } from '../kube/kubeconfig.ts';
import { nameOf } from '../model/object.ts';
import type { Guard, LoadedSet } from '../model/plan_input.ts';
import { imagesOf } from '../model/pod_spec.ts';
import { requireMainCommit } from './actor.ts';
import type { Session } from './session.ts';

/** What is known of the cluster that a context leads to. */
export interface Binding {
  /** For people: `environment 'prod'`. */
  readonly what: string;
  /** Whether `./fathom up` made it on this machine. */
  readonly isOwn: boolean;
  /** Whether changes need what a protected environment needs. */
  readonly isProtected: boolean;
  readonly server: string;
  /** Whether cluster_constants.bzl says which cluster it is. */
  readonly isRecorded: boolean;
  /** The fingerprint of the cluster's authority; undefined where the kubeconfig has none. */
  readonly fingerprint: string | undefined;
}

/** SHA-256 fingerprints of the certificates of a PEM bundle, in lower-case hexadecimal. */
export function fingerprintsOf(bundle: Buffer | undefined): string[] {
  const blocks = bundle?.toString('latin1').match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  return blocks.map((block) => plain(new X509Certificate(block).fingerprint256));
}

/** `AB:CD…` and `sha256:abcd…` as `abcd…`. */
function plain(fingerprint: string): string {
  return fingerprint
    .toLowerCase()
    .replace(/^sha256:/, '')
    .replaceAll(':', '');
}

/** Refuses a cluster that the environment is not bound to. Throws K8S_WRONG_CLUSTER. */
export async function bindCluster(session: Session, access: ClusterAccess): Promise<Binding> {
  const guards = guardsOf(session);
  const environments = [...new Set(guards.map(({ environment }) => environment).filter((name) => name !== ''))];
  const what = environments.length === 0 ? `context '${access.context}'` : `environment '${environments.join("', '")}'`;
  refuseOtherContext(session, what, environments.length > 0);
  const fingerprints = access.tls.rejectUnauthorized === false ? [] : fingerprintsOf(access.tls.ca);
  const isOwn = await isOwnCluster(session, access, fingerprints);
  const recorded = guards.map(({ caSha256 }) => plain(caSha256)).filter((fingerprint) => fingerprint !== '');
  const isMissing = recorded.some((fingerprint) => !fingerprints.includes(fingerprint));
  // The state folder speaks for its own clusters, cluster_constants.bzl for all others.
  if (isMissing && !isOwn) {
    throw wrongCluster(what, access, {
      found: fingerprints,
      expected: `cluster_constants.bzl says ${recorded.map(short).join(', ')}`,
    });
  }
  return {
    what,
    server: access.server,
    isOwn,
    isProtected: !isOwn && guards.some((guard) => guard.isProtected),
    isRecorded: recorded.length > 0,
    fingerprint: fingerprints.at(-1),
  };
}

/** Requires that a protected environment says which cluster it is. Throws K8S_UNBOUND. */
export function requireBound({ what, server, isProtected, isRecorded, fingerprint }: Binding): void {
  if (!isProtected || isRecorded) return;
  throw new ToolError('K8S_UNBOUND', `Connecting to ${server}: ${what} is protected, but bound to no cluster`, {
    hint:
      fingerprint === undefined
        ? 'Give the kubeconfig a certificate-authority, and the environment its ca_sha256 in cluster_constants.bzl.'
        : `If this is the right cluster, add "ca_sha256": "${fingerprint}" to the environment in cluster_constants.bzl.`,
  });
}

function guardsOf(session: Session): Guard[] {
  return session.sets.flatMap(({ objects, guard }) =>
    objects.length === 0 ? (guard ?? []) : objects.map((input) => input.guard),
  );
}

function refuseOtherContext({ options, connection }: Session, what: string, isBound: boolean): void {
  if (!isBound || options.context === undefined || connection.context === '') return;
  if (options.context === connection.context) return;
  throw new ToolError(
    'K8S_WRONG_CLUSTER',
    `Choosing a cluster: ${what} is bound to context '${connection.context}', not to '${options.context}'`,
    { hint: 'Leave out --context, or make an environment for that cluster in cluster_constants.bzl.' },
  );
}

/** Whether the context leads to the cluster of the state folder. Throws K8S_WRONG_CLUSTER where only its name says so. */
async function isOwnCluster(
  session: Session,
  access: ClusterAccess,
  fingerprints: readonly string[],
): Promise<boolean> {
  const { cluster, user } = session.connection;
  if (!/^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$/.test(cluster)) return false;
  const state = await readClusterState(cluster, session.env);
  if (state === undefined || state.provider === 'existing') return false;
  if (access.file === state.kubeconfig) return true;
  const context = `fathom-${cluster}`;
  const own = await findCluster({ env: {}, files: [state.kubeconfig], context, cluster, user }).catch(() => undefined);
  const expected = fingerprintsOf(own?.tls.ca);
  if (expected.length === 0) return false;
  if (expected.every((fingerprint) => fingerprints.includes(fingerprint))) return true;
  if (access.context !== context) return false;
  throw wrongCluster(`context '${context}'`, access, {
    found: fingerprints,
    expected: `\`./fathom up\` made one with ${expected.map(short).join(', ')}`,
  });
}

function wrongCluster(
  what: string,
  access: ClusterAccess,
  { found, expected }: { readonly found: readonly string[]; readonly expected: string },
): ToolError {
  const words = found.length === 0 ? 'no certificate authority' : `authority ${found.map(short).join(', ')}`;
  return new ToolError(
    'K8S_WRONG_CLUSTER',
    `Connecting to ${access.server}: ${what} of ${access.file} has ${words}, but ${expected}`,
    { hint: 'Use the kubeconfig of the right cluster; correct ca_sha256 if the cluster was made anew.' },
  );
}

function short(fingerprint: string): string {
  return `sha256:${fingerprint.slice(0, 12)}…`;
}

/** Requires what a protected environment wants before anything is deployed to it. Throws K8S_GIT_* and K8S_UNPINNED. */
export async function requireDeployable(binding: Binding, session: Session, sets: readonly LoadedSet[]): Promise<void> {
  if (!binding.isProtected) return;
  await requireMainCommit(binding.what, session.env);
  const [built] = session.images;
  if (built !== undefined) throw unpinned(binding, `${built.ref} is built just now`);
  for (const { objects } of sets) {
    for (const object of objects.flatMap((input) => input.objects)) {
      const loose = imagesOf(object).find((image) => !image.includes('@sha256:'));
      if (loose !== undefined) throw unpinned(binding, `${nameOf(object)} has ${loose}`);
    }
  }
}

function unpinned({ what }: Binding, problem: string): ToolError {
  return new ToolError('K8S_UNPINNED', `Deploying to ${what}: images must be pinned by digest, but ${problem}`, {
    hint: 'Set images = "pinned" for the environment and record the digest in pins.json, or write name@sha256:….',
  });
}
