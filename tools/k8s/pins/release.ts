// release: pushes the images that were just built, and records them as the pins of the first environment.
import { isDeepStrictEqual } from 'node:util';
import { ToolError } from '../../lib/errors.ts';
import { imageDigest } from '../../oci/index.ts';
import { type Checkout, readCheckout, unknownCommit } from '../deploy/actor.ts';
import { type StackImage, readStackImages } from '../deploy/digests.ts';
import { pushAll } from '../deploy/push.ts';
import { type Pin, pinAt, withPins } from '../model/pins.ts';
import { pinnedReference } from '../model/images.ts';
import { type PinEnvironment, type ServicePins, findEnvironment, refOf } from './config.ts';
import { type PinsContext, placeOf } from './context.ts';
import { openHistory, shortCommit } from './history.ts';
import { readPins, updatePins } from './pins_store.ts';
import { sbomOf } from './sbom.ts';

const SHOWN_CHANGES = 5;

/** Prints `registry/repository@digest` of each image. Throws K8S_GIT_*, K8S_PINS_*, OCI_* and K8S_REGISTRY_*. */
export async function release(context: PinsContext): Promise<void> {
  for (const service of context.services) await releaseService(service, context);
}

async function releaseService(service: ServicePins, context: PinsContext): Promise<void> {
  const { options, env, log, signal, resolve, workspace } = context;
  const environment = targetOf(service, options.to);
  const checkout = await cleanCheckout(service, context);
  // What could not be recorded is not pushed.
  await readPins(placeOf(context, service));
  const { registry, cluster } = environment;
  const images = await readStackImages(
    service.images.map(({ repository, entry }) => ({
      ref: refOf({ repository }, environment),
      registry,
      repository,
      image: entry,
    })),
    resolve,
  );
  await pushAll(images, { cluster, env, log, signal });
  if (!(await (await openHistory(workspace, signal)).isShared(checkout.commit))) {
    log.warn(
      `commit ${shortCommit(checkout.commit)} is on no branch of a remote: push it, or nobody else can restore this`,
    );
  }
  const time = new Date().toISOString().replace(/\.\d+Z$/, 'Z');
  const recorded = await Promise.all(images.map(async (image) => ({ image, pin: await pinOf(image, checkout, time) })));
  const notes: string[] = [];
  const isChanged = await updatePins(placeOf(context, service), (pins) => {
    const changes: Record<string, Pin> = {};
    for (const { image, pin } of recorded) {
      const before = pinAt(pins, environment.name, image.ref);
      notes.push(`${image.ref}: ${noteOf(before, pin)}`);
      if (!isSame(before, pin)) changes[image.ref] = pin;
    }
    return withPins(pins, environment.name, changes);
  });
  for (const note of notes) log.info(note);
  log.info(
    isChanged
      ? `${service.file}: recorded for ${environment.name}; commit it, then deploy with ${environment.name}.apply`
      : `${service.file}: as it was`,
  );
  for (const image of images) context.print(pinnedReference(image, imageDigest(image.oci)));
}

/** The environment that pins are released to. Throws K8S_USAGE. */
function targetOf(service: ServicePins, to: string | undefined): PinEnvironment {
  const first = service.environments.filter(({ from }) => from === '');
  if (to !== undefined) {
    const environment = findEnvironment(service, to, '--to');
    if (environment.from === '') return environment;
    throw new ToolError('K8S_USAGE', `Releasing ${service.label}: '${to}' gets its pins from '${environment.from}'`, {
      hint: `Run \`bazel run //${service.package}:promote -- --to=${to}\`, once '${environment.from}' has them.`,
    });
  }
  const [environment, second] = first;
  if (environment !== undefined && second === undefined) return environment;
  throw new ToolError(
    'K8S_USAGE',
    `Releasing ${service.label}: ${first.length} environments are the first in the order of promotion`,
    { hint: `Name one with \`-- --to=…\`: ${first.map(({ name }) => name).join(', ')}.` },
  );
}

/** The commit that the pins name. Throws K8S_GIT_UNKNOWN and K8S_GIT_DIRTY. */
async function cleanCheckout(service: ServicePins, { env, options, log }: PinsContext): Promise<Checkout> {
  const what = `Releasing ${service.label}`;
  const checkout = await readCheckout(env);
  if (checkout === undefined) throw await unknownCommit(what, env);
  // The release of one service changes its pins; that of the next must not stumble over it. Pins are in no image.
  const name = service.file.split('/').at(-1) ?? service.file;
  const changes = checkout.changes.map((line) => line.slice(3)).filter((path) => path.split('/').at(-1) !== name);
  if (changes.length === 0) return { ...checkout, changes };
  const more = changes.length > SHOWN_CHANGES ? ` and ${changes.length - SHOWN_CHANGES} more` : '';
  const shown = `${changes.slice(0, SHOWN_CHANGES).join(', ')}${more}`;
  if (options.isDirtyAllowed) {
    log.warn(`${service.label}: recorded as built of a tree with changes, which nobody can build again: ${shown}`);
    return { ...checkout, changes };
  }
  throw new ToolError('K8S_GIT_DIRTY', `${what}: the tree has changes that its commit has not: ${shown}`, {
    hint: 'Commit them, or set them aside with `git stash -u`; `-- --allow-dirty` releases all the same, and records that.',
  });
}

async function pinOf({ oci }: StackImage, { commit, changes }: Checkout, time: string): Promise<Pin> {
  const sbom = await sbomOf(oci);
  return {
    digest: imageDigest(oci),
    commit,
    time,
    ...(sbom === undefined ? {} : { sbom }),
    ...(changes.length === 0 ? {} : { dirty: true }),
  };
}

/** Whether a pin says the same, whenever it was recorded. */
function isSame(before: Pin | undefined, { digest, commit, dirty, sbom }: Pin): boolean {
  return (
    before !== undefined &&
    before.digest === digest &&
    before.commit === commit &&
    before.dirty === dirty &&
    isDeepStrictEqual(before.sbom, sbom)
  );
}

function noteOf(before: Pin | undefined, pin: Pin): string {
  const commit = shortCommit(pin.commit ?? '');
  if (before === undefined) return `${pin.digest} of ${commit}, its first pin`;
  if (before.digest === pin.digest) return `${pin.digest}, as before, now of ${commit}`;
  return `${before.digest} → ${pin.digest} of ${commit}`;
}
