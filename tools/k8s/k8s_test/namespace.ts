// The namespace of one run of a test: made, kept from expiring while the test runs, and deleted.
//
// It is a personal one, of a person that nobody else is: verbs that the test runs act in it, with the quota and limits
// that people have, and `namespaces.gc` collects it where everything else has failed.
import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { errorText } from '../../lib/errors.ts';
import { mapLimited } from '../../lib/limit.ts';
import type { Log } from '../../lib/log.ts';
import {
  CREATED,
  EXPIRES,
  KIND,
  MANAGED_BY,
  NAMESPACES,
  OWNER,
  OWNER_NAME,
  TTL,
  namespaceObject,
  timeText,
} from '../deploy/personal_namespace.ts';
import type { KubeClient } from '../kube/client.ts';
import { pathOf } from '../kube/discovery.ts';
import { applyObject, deleteObject, listObjects } from '../kube/objects.ts';
import type { KubeObject } from '../model/object.ts';
import { SELECTOR, judge } from '../namespaces/verdict.ts';

/** The label of a test's namespace. */
export const TEST = 'fathom.internal/test';
/** The test's own label, of Bazel. */
export const TEST_LABEL = 'fathom.internal/test-label';

/** How long a namespace stays that nobody renews: what a test leaves that was killed with all its processes. */
const TTL_SECONDS = 900;
const RENEW_EVERY_MS = 120_000;
/** With the rest of the name as long as a person's may be. */
const MAX_WORDS = 27;

/** What makes a run of a test one that no other is. */
export interface TestRun {
  readonly label: string;
  /** Nobody else's: it ends in a random number. */
  readonly namespace: string;
}

/** A run of a test: its namespace has the test's name in it, and is one that a person of that name would have. */
export function createRun(label: string): TestRun {
  const words = label.replace(/^.*\//, '').toLowerCase();
  const plain = words
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-+|-+$/g, '')
    .slice(0, MAX_WORDS)
    .replace(/-+$/, '');
  const id = randomBytes(5).toString('hex');
  return { label, namespace: ['t', plain, id].filter((word) => word !== '').join('-') };
}

/** Makes the namespace. Throws what the API server says. */
export async function makeNamespace(client: KubeClient, { label, namespace }: TestRun): Promise<void> {
  const nowMs = client.nowMs();
  const object: KubeObject = {
    ...namespaceObject(namespace),
    metadata: {
      name: namespace,
      labels: {
        [MANAGED_BY]: 'fathom',
        [KIND]: 'personal',
        [OWNER]: namespace,
        ...Object.fromEntries(
          ['enforce', 'audit', 'warn'].map((mode) => [`pod-security.kubernetes.io/${mode}`, 'restricted']),
        ),
      },
      annotations: {
        [OWNER_NAME]: namespace,
        [CREATED]: timeText(nowMs),
        [EXPIRES]: timeText(nowMs + TTL_SECONDS * 1000),
      },
    },
  };
  await applyObject(client, { resource: NAMESPACES, object }, { isDryRun: false, isForced: true });
  // With another manager than the engine's: an apply of the engine takes away what it does not know of its own.
  const annotations = { [TEST_LABEL]: label, [TTL]: `${TTL_SECONDS}s` };
  await patch(client, namespace, { labels: { [TEST]: 'true' }, annotations });
}

/** Puts the end off again and again, until the signal is aborted. Never rejects. */
export async function keepAlive(client: KubeClient, run: TestRun, options: KeepAliveOptions): Promise<void> {
  const { signal, log, everyMs = RENEW_EVERY_MS } = options;
  while (!signal.aborted) {
    await sleep(everyMs, undefined, { signal }).catch(() => undefined);
    if (signal.aborted) return;
    const end = timeText(client.nowMs() + TTL_SECONDS * 1000);
    await patch(client, run.namespace, { annotations: { [EXPIRES]: end } }).catch((error: unknown) => {
      if (!signal.aborted) log.warn(`namespace ${run.namespace} could not be kept from expiring: ${errorText(error)}`);
    });
  }
}

/** Options of {@link keepAlive}. */
export interface KeepAliveOptions {
  readonly signal: AbortSignal;
  readonly log: Log;
  /** Default: two minutes. */
  readonly everyMs?: number;
}

/** Begins the deletion of the run's namespace; resolves once the server has taken it, or there is none. */
export async function removeNamespace(client: KubeClient, { namespace }: TestRun): Promise<void> {
  await deleteObject(client, { resource: NAMESPACES, object: namespaceObject(namespace) });
}

/** Begins the deletion of tests' namespaces that have expired; gives their names. */
export async function sweep(client: KubeClient, reserved: readonly string[]): Promise<readonly string[]> {
  const all = await listObjects(client, NAMESPACES, { labelSelector: `${SELECTOR},${TEST}=true` });
  const gone = all.filter((one) => judge(one, client.nowMs(), reserved).state === 'gone');
  await mapLimited(gone, 8, (object) => deleteObject(client, { resource: NAMESPACES, object }));
  return gone.map(({ metadata }) => metadata.name);
}

async function patch(client: KubeClient, name: string, metadata: object): Promise<void> {
  await client.request({
    method: 'PATCH',
    path: pathOf(NAMESPACES, { name }),
    query: { fieldManager: 'fathom-test' },
    contentType: 'application/merge-patch+json',
    body: { metadata },
    doing: `Marking namespace ${name}`,
  });
}
