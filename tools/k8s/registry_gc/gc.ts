// registry.gc: deletes the images of a cluster's registry that nothing needs any more, and their blobs.
//
// The registry cannot say which images are in use, and its own `garbage-collect --delete-untagged` would take all that
// has no tag, which is every image that a deploy pushes. It also sweeps blobs from under a push that is under way. So:
//
// 1. What is held is listed by a program beside the registry, what is in use by the API server: a difference.
// 2. Unused manifests are deleted while the registry works as ever. From then on whoever pushes one of them is told that
//    it is not there, and pushes it again; no blob is gone yet.
// 3. Whoever had asked before that is waited for (each run of the engine holds a lease until the cluster knows its
//    images), and what came into use meanwhile is put back.
// 4. The registry starts anew, read-only: pulls go on, pushes fail and say why. Only now are blobs swept, those that no
//    manifest names; a manifest that was pushed meanwhile keeps its own.
// 5. The registry starts anew as it was, whatever happened. Its pod's end also ends a sweep that nobody waits for any
//    more. After a kill -9 the next apply of its stack, or the next collection, does that.
import { ToolError, errorText } from '../../lib/errors.ts';
import { type RegistryAddress, type Transport, isReadOnly, openRegistry, registryAddress } from '../../oci/index.ts';
import { requireMainCommit } from '../deploy/actor.ts';
import { registryState } from '../deploy/cluster_registry.ts';
import { confirm } from '../deploy/confirm.ts';
import { withLock } from '../deploy/locked.ts';
import { Progress } from '../deploy/progress.ts';
import { type Connected, type Session, connect } from '../deploy/session.ts';
import type { Pins } from '../model/pins.ts';
import { type RegistryHost } from './host.ts';
import { inUseOfPins, unionOf } from './in_use.ts';
import { type Inventory, type Manifest, manifestKey, parseInventory } from './inventory.ts';
import { deleteManifests, putBack } from './manifests.ts';
import { waitForOthers } from './others.ts';
import { readInUse } from './read_in_use.ts';
import { type Outcome, jsonOf, tableOf } from './report.ts';
import { type Selection, select } from './select.ts';
import type { GcSettings } from './settings.ts';
import { until } from './until.ts';

/** What a collection works with. */
export interface GcContext {
  readonly session: Session;
  readonly settings: GcSettings;
  /** The pins of all services. */
  readonly readPins: () => Promise<readonly Pins[]>;
  readonly hostFor: (connected: Connected) => RegistryHost;
}

/** How long putting back and starting anew may take after an interruption, beside the timeout of the caller. */
const REPAIR_WITHIN_MS = 120_000;

/** Collects. Throws before anything is deleted where it is not known for sure what is in use. */
export async function registryGc(context: GcContext): Promise<void> {
  const { session } = context;
  if (!session.options.isDryRun) {
    await withLock(session, new Progress([]), ({ connected }) => collect(context, connected));
    return;
  }
  const connected = await connect(session);
  try {
    const { selection } = await look(context, connected, context.hostFor(connected));
    print(session, selection, isNothing(selection) ? 'nothing to collect' : 'would be collected');
  } finally {
    connected.client.close();
  }
}

async function collect(context: GcContext, connected: Connected): Promise<void> {
  const { session, settings } = context;
  const { binding } = connected;
  // Pins of a checkout that lags behind would be missing.
  if (binding.isProtected) await requireMainCommit(binding.what, session.env);
  const host = context.hostFor(connected);
  await host.prepare();
  const before = await look(context, connected, host);
  if (isNothing(before.selection)) return print(session, before.selection, 'nothing to collect');
  await confirm(binding, session, tableOf(before.selection, 'would be collected'));
  const state = await registryState({ cluster: session.connection.cluster, env: session.env });
  const address = { ...registryAddress(settings.registry, state), registry: settings.registry };
  const selection = await deleteUnused({ ...context, connected, address }, before);
  await sweep({ ...context, connected, address }, host, before.inventory);
  print(session, selection, 'collected');
}

interface Looked {
  readonly inventory: Inventory;
  readonly selection: Selection;
}

async function look(context: GcContext, connected: Connected, host: RegistryHost): Promise<Looked> {
  const { session } = context;
  session.log.info('listing what the registry holds and what is in use');
  // What is held comes first: an image that is pushed and used in between is not among it.
  const inventory = parseInventory(await host.inventory());
  return { inventory, selection: await selectNow(context, connected, inventory) };
}

async function selectNow(
  { session, readPins }: GcContext,
  connected: Connected,
  inventory: Inventory,
): Promise<Selection> {
  const [pins, inUse] = await Promise.all([readPins(), readInUse(connected)]);
  const { keepYoungerThanMs, isKeepingTagged } = session.options.retention;
  return select(inventory, unionOf([inUse, inUseOfPins(pins)]), {
    // The clocks of server and node differ by some seconds: 0 means that age does not count.
    youngSinceMs: keepYoungerThanMs === 0 ? Number.POSITIVE_INFINITY : connected.client.nowMs() - keepYoungerThanMs,
    isKeepingTagged,
  });
}

interface Work extends GcContext {
  readonly connected: Connected;
  readonly address: RegistryAddress;
}

/** Deletes unused manifests; all are put back where it is not known in the end that they are unused still. */
async function deleteUnused(work: Work, { inventory, selection }: Looked): Promise<Selection> {
  const { session, connected } = work;
  const { log } = session;
  const removed: Manifest[] = [];
  const restore = async (manifests: readonly Manifest[], signal: AbortSignal) => {
    // The order in which they were to be deleted, which is not that of the answers.
    const known = new Set(manifests.map(manifestKey));
    const ordered = selection.deleted.filter((manifest) => known.has(manifestKey(manifest)));
    await withTransport(work, signal, (transport) => putBack(transport, { manifests: ordered, tags: inventory.tags }));
  };
  try {
    // Runs that have begun are not disturbed where that can be helped.
    await waitForOthers(session, connected.client);
    if (selection.deleted.length > 0) log.info(`deleting ${selection.deleted.length} manifests`);
    await withTransport(work, session.signal, (transport) =>
      deleteManifests(transport, selection.deleted, (manifest) => removed.push(manifest)),
    );
    await waitForOthers(session, connected.client);
    const now = await selectNow(work, connected, inventory);
    const needed = new Set(now.kept.map(manifestKey));
    const used = removed.filter((manifest) => needed.has(manifestKey(manifest)));
    if (used.length > 0) {
      log.info(`putting back ${used.length} manifests that came into use meanwhile`);
      await restore(used, session.signal);
    }
    return now;
  } catch (error) {
    if (removed.length > 0) {
      log.warn(`putting back ${removed.length} manifests, as the collection ends here`);
      await restore(removed, AbortSignal.timeout(REPAIR_WITHIN_MS)).catch((failure: unknown) => {
        const names = removed.map(manifestKey).join('\n  ');
        log.error(`not put back: ${errorText(failure)}. What is still needed must be pushed again:\n  ${names}`);
      });
    }
    throw error;
  }
}

/** Sweeps blobs while nobody can push. The registry takes pushes again in the end, whatever happens. Throws K8S_REGISTRY_READ_ONLY. */
async function sweep(work: Work, host: RegistryHost, inventory: Inventory): Promise<void> {
  const { session } = work;
  const { log, signal, options } = session;
  const sweeping = async () => {
    log.info('starting the registry read-only');
    await host.start('read-only', signal);
    await requireMode(work, inventory, { isReadOnly: true, signal });
    log.info('deleting blobs that no manifest names');
    await host.sweep();
  };
  const failure = await sweeping().catch((error: unknown) => ({ error }));
  log.info('starting the registry as it was');
  const within = AbortSignal.timeout(options.timeoutMs + REPAIR_WITHIN_MS);
  try {
    await host.start('writable', within);
    await requireMode(work, inventory, { isReadOnly: false, signal: within });
  } catch (cause) {
    if (failure !== undefined) log.error(errorText(failure.error));
    const { label } = session.input;
    throw new ToolError('K8S_REGISTRY_READ_ONLY', `Starting the registry as it was: ${errorText(cause)}`, {
      cause,
      hint: `Run \`bazel run ${label}.apply\`: until then nobody can push.`,
    });
  }
  if (failure !== undefined) throw failure.error;
}

/** Asks the registry itself: what answers where pushes go must be of the mode that is meant. Throws K8S_REGISTRY_MODE. */
async function requireMode(
  work: Work,
  { manifests }: Inventory,
  wanted: { readonly isReadOnly: boolean; readonly signal: AbortSignal },
): Promise<void> {
  const { session, settings } = work;
  const repository = manifests[0]?.repository ?? 'fathom/none';
  await withTransport(work, wanted.signal, async (transport) => {
    await until(
      async () => (await isReadOnly({ transport, repository })) === wanted.isReadOnly,
      { timeoutMs: session.options.timeoutMs, signal: wanted.signal },
      () =>
        new ToolError(
          'K8S_REGISTRY_MODE',
          `Asking registry ${settings.registry}: it ${wanted.isReadOnly ? 'still takes' : 'does not take'} pushes`,
          {
            hint: `Check that ${transport.endpoint} leads to Deployment ${settings.deployment}, and that ${settings.readOnlyConfig} makes it read-only.`,
          },
        ),
    );
  });
}

async function withTransport<T>({ address }: Work, signal: AbortSignal, use: (transport: Transport) => Promise<T>) {
  const transport = openRegistry(address, { signal });
  try {
    return await use(transport);
  } finally {
    transport.close();
  }
}

function isNothing({ deleted, strayBytes }: Selection): boolean {
  return deleted.length === 0 && strayBytes === 0;
}

function print(session: Session, selection: Selection, outcome: Outcome): void {
  if (session.options.output === 'json') session.print(jsonOf(selection, outcome));
  else for (const line of tableOf(selection, outcome)) session.print(line);
}
