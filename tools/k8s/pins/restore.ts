// restore: builds the commits of pins in worktrees of their own, and pushes what a registry has no longer.
import { isDeepStrictEqual } from 'node:util';
import { ToolError } from '../../lib/errors.ts';
import { mapLimited } from '../../lib/limit.ts';
import type { Log } from '../../lib/log.ts';
import { type OciImage, type OciImageIndex, imageDigest, missingParts } from '../../oci/index.ts';
import { type Builder, buildWholeImages } from '../../oci/inspect/built_image.ts';
import { pushAll } from '../deploy/push.ts';
import { pinnedReference } from '../model/images.ts';
import { type Pin, pinAt } from '../model/pins.ts';
import { type PinEnvironment, type PinnedImageConfig, type ServicePins, findEnvironment, refOf } from './config.ts';
import { type PinsContext, askRegistry, placeOf, registryOf } from './context.ts';
import { commitUnknown, openHistory, shortCommit } from './history.ts';
import { readPins } from './pins_store.ts';
import { sbomOf } from './sbom.ts';
import { withWorktree } from './worktree.ts';

/** An image that an environment's registry should have. */
interface Wanted {
  readonly service: ServicePins;
  readonly image: PinnedImageConfig;
  readonly environment: PinEnvironment;
  readonly ref: string;
  readonly pin: Pin;
}

const CONCURRENCY = 8;

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
      const all = [...distinct.values()];
      const parts = await mapLimited(all, CONCURRENCY, ({ image, pin }) =>
        missingParts(at(image.repository), pin.digest),
      );
      lacking.push(...all.filter((_, index) => (parts[index] ?? []).length > 0));
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
  for (const { one, oci } of images) await compareSbom(one, oci, log);
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
      : `Build it with the flags of the release (\`-- --build-flag=…\`); an image that is stamped, or whose build is not reproducible (\`bazel run @fathom//tools/oci:reproducible -- ${image.label}\`), cannot be restored: release it anew, and promote that.`;
  throw new ToolError(
    'K8S_PIN_DIFFERS',
    `Restoring ${ref}, pinned for '${environment.name}': commit ${pin.commit ?? ''} builds ${found}, the pin says ${pin.digest}; nothing was pushed`,
    { hint: why },
  );
}

/** What an image is does not depend on what is written about it: another bill of materials is said, and no error. */
async function compareSbom({ pin, ref }: Wanted, oci: OciImage | OciImageIndex, log: Log): Promise<void> {
  if (pin.sbom === undefined || isDeepStrictEqual(await sbomOf(oci), pin.sbom)) return;
  log.warn(`${ref}: the image is the one that is pinned, its bill of materials is not the one that the pin names`);
}
