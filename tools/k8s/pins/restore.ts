// restore: builds the commits of pins in worktrees of their own, and pushes what a registry has no longer.
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ToolError, errorText } from '../../lib/errors.ts';
import { gitIn } from '../../lib/git.ts';
import { removeTree } from '../../lib/remove_tree.ts';
import { type OciImage, type OciImageIndex, imageDigest, missingParts } from '../../oci/index.ts';
import { type Builder, buildWholeImages, endBuilder } from '../../oci/inspect/built_image.ts';
import { pushAll } from '../deploy/push.ts';
import { pinnedReference } from '../model/images.ts';
import { type Pin, pinAt } from '../model/pins.ts';
import { type PinEnvironment, type PinnedImageConfig, type ServicePins, findEnvironment, refOf } from './config.ts';
import { type PinsContext, askRegistry, placeOf, registryOf } from './context.ts';
import { commitUnknown, openHistory, shortCommit } from './history.ts';
import { readPins } from './pins_store.ts';

/** An image that an environment's registry should have. */
interface Wanted {
  readonly service: ServicePins;
  readonly image: PinnedImageConfig;
  readonly environment: PinEnvironment;
  readonly ref: string;
  readonly pin: Pin;
}

/** A whole checkout may have to be written. */
const GIT_TIMEOUT_MS = 10 * 60_000;

/**
 * Prints `registry/repository@digest` of what it pushed. Throws K8S_PIN_COMMIT_UNKNOWN, K8S_PIN_DIFFERS,
 * K8S_RESTORE_FAILED, K8S_PINS_INVALID, K8S_REGISTRY_*, OCI_*.
 */
export async function restore(context: PinsContext): Promise<void> {
  const { log, workspace, signal } = context;
  const wanted = (await Promise.all(context.services.map((service) => pinsOf(service, context)))).flat();
  const lacking = await lackingOf(wanted, context);
  log.info(`${wanted.length - lacking.length} of ${wanted.length} pinned images are in their registries`);
  if (lacking.length === 0) return;
  const history = await openHistory(workspace, signal);
  for (const { pin, ref, environment } of lacking) {
    const what = `Restoring ${ref}, pinned for '${environment.name}'`;
    if (pin.commit === undefined) {
      throw new ToolError('K8S_PIN_COMMIT_UNKNOWN', `${what}: its pin does not say of which commit it was built`, {
        hint: 'Release the service anew, and promote that.',
      });
    }
    if (!(await history.has(pin.commit))) throw commitUnknown(what, pin.commit);
  }
  for (const [commit, own] of Map.groupBy(lacking, ({ pin }) => pin.commit ?? '')) {
    await withWorktree(commit, context, (builder) => restoreCommit(commit, own, { builder, context }));
  }
}

async function pinsOf(service: ServicePins, context: PinsContext): Promise<Wanted[]> {
  const pins = await readPins(placeOf(context, service));
  const { environments: names } = context.options;
  const environments =
    names.length === 0 ? service.environments : names.map((name) => findEnvironment(service, name, '--env'));
  return environments.flatMap((environment) =>
    service.images.flatMap((image) => {
      const ref = refOf(image, environment);
      const pin = pinAt(pins, environment.name, ref);
      if (pin === undefined) context.log.warn(`${service.file}: no pin of ${ref} for '${environment.name}'`);
      return pin === undefined ? [] : [{ service, image, environment, ref, pin }];
    }),
  );
}

/** What registries lack, each image once for each registry. */
async function lackingOf(wanted: readonly Wanted[], context: PinsContext): Promise<Wanted[]> {
  const lacking: Wanted[] = [];
  for (const own of Map.groupBy(
    wanted,
    ({ environment }) => `${environment.cluster}/${environment.registry}`,
  ).values()) {
    const [first] = own;
    if (first === undefined) continue;
    const distinct = new Map(own.map((one) => [pinnedReference(placeIn(one), one.pin.digest), one]));
    await askRegistry(await registryOf(first.environment, context), context, async (at) => {
      for (const one of distinct.values()) {
        const parts = await missingParts(at(one.image.repository), one.pin.digest);
        if (parts.length > 0) lacking.push(one);
      }
    });
  }
  return lacking;
}

function placeIn({ image, environment }: Wanted) {
  return { registry: environment.registry, repository: image.repository };
}

/** Builds a commit's images, and pushes them once all have the digests that they should. */
async function restoreCommit(
  commit: string,
  wanted: readonly Wanted[],
  { builder, context }: { readonly builder: Builder; readonly context: PinsContext },
): Promise<void> {
  const { env, log, signal } = context;
  const labels = [...new Set(wanted.map(({ image }) => image.label))];
  log.info(`building ${labels.join(', ')} of commit ${shortCommit(commit)} …`);
  const built = await buildWholeImages(labels, builder).catch((cause: unknown) => {
    signal.throwIfAborted();
    throw new ToolError('K8S_RESTORE_FAILED', `Restoring ${labels.join(', ')}: commit ${commit} does not build`, {
      cause,
      hint: 'Look at what Bazel wrote above. Flags that the release was built with are given by `-- --build-flag=…`.',
    });
  });
  const images = wanted.map((one) => ({ one, oci: checked(one, built.get(one.image.label)) }));
  for (const [cluster, own] of Map.groupBy(images, ({ one }) => one.environment.cluster)) {
    await pushAll(
      own.map(({ one, oci }) => ({ ...placeIn(one), ref: one.ref, image: '', oci })),
      { cluster, env, log, signal },
    );
  }
  for (const { one } of images) context.print(pinnedReference(placeIn(one), one.pin.digest));
}

/** The image, if it is the one that is pinned. Throws K8S_PIN_DIFFERS. */
function checked({ pin, ref, environment, image }: Wanted, oci: OciImage | OciImageIndex | undefined) {
  if (oci !== undefined && imageDigest(oci) === pin.digest) return oci;
  const found = oci === undefined ? 'nothing' : imageDigest(oci);
  const why =
    pin.dirty === true
      ? 'The pin was recorded of a tree with changes, which are lost: release the service anew, and promote that.'
      : `Build it with the flags of the release (\`-- --build-flag=…\`); an image that is stamped, or whose build is not reproducible (\`bazel run //tools/oci:reproducible -- ${image.label}\`), cannot be restored: release it anew, and promote that.`;
  throw new ToolError(
    'K8S_PIN_DIFFERS',
    `Restoring ${ref}, pinned for '${environment.name}': commit ${pin.commit ?? ''} builds ${found}, the pin says ${pin.digest}; nothing was pushed`,
    { hint: why },
  );
}

/** A worktree with a commit, and a Bazel of its own for it; both are gone afterwards. */
async function withWorktree(
  commit: string,
  context: PinsContext,
  use: (builder: Builder) => Promise<void>,
): Promise<void> {
  const { workspace, env, options, log } = context;
  const folder = await mkdtemp(join(tmpdir(), 'fathom-restore-'));
  const checkout = join(folder, 'src');
  const git = gitIn(workspace, { timeoutMs: GIT_TIMEOUT_MS });
  try {
    await git('worktree', 'add', '--detach', checkout, commit).catch((cause: unknown) => {
      throw new ToolError('K8S_RESTORE_FAILED', `Checking out commit ${commit}: ${errorText(cause)}`, {
        cause,
        hint: 'Free space in the folder for temporary files (TMPDIR), and repair the clone with `git fsck`.',
      });
    });
    // The workspace may be a folder of the repository.
    const prefix = await git('rev-parse', '--show-prefix');
    const builder: Builder = {
      // A test's folder would make the inner Bazel keep its outputs there.
      env: { ...env, TEST_TMPDIR: undefined, BUILD_WORKSPACE_DIRECTORY: undefined },
      signal: context.signal,
      workspace: join(checkout, prefix),
      outputBase: join(folder, 'out'),
      flags: options.buildFlags,
    };
    try {
      await use(builder);
    } finally {
      await endBuilder({ ...builder, signal: AbortSignal.timeout(60_000) }).catch(() => undefined);
    }
  } finally {
    await git('worktree', 'remove', '--force', checkout).catch(() => undefined);
    await removeTree(folder).catch((error: unknown) => log.warn(`${folder} stays: ${errorText(error)}`));
    await git('worktree', 'prune').catch(() => undefined);
  }
}
