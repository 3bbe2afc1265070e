// promote: copies the pins of the environment before, once the images are in the registry of the next.
import { isDeepStrictEqual } from 'node:util';
import { ToolError } from '../../lib/errors.ts';
import { copyImages, missingParts } from '../../oci/index.ts';
import { pinGone } from '../deploy/pinned.ts';
import { type Pins, pinAt, pinsTarget, withPins } from '../model/pins.ts';
import { type PinEnvironment, type PinnedImageConfig, type ServicePins, findEnvironment, refOf } from './config.ts';
import {
  type EnvironmentRegistry,
  type PinsContext,
  askRegistry,
  explainDown,
  placeOf,
  registryOf,
} from './context.ts';
import { commitUnknown, openHistory, pathsOf } from './history.ts';
import { readPins, updatePins } from './pins_store.ts';
import { type Promotion, describe } from './promotion.ts';

/** Prints what changes. Throws K8S_USAGE, K8S_PIN_*, K8S_PINS_*, K8S_REGISTRY_*, OCI_*. */
export async function promote(context: PinsContext): Promise<void> {
  for (const service of context.services) await promoteService(service, context);
}

async function promoteService(service: ServicePins, context: PinsContext): Promise<void> {
  const { options, print, log } = context;
  const target = targetOf(service, options.to);
  const source = findEnvironment(service, target.from, 'promotes_from');
  const pins = await readPins(placeOf(context, service));
  const promotions = service.images.map((image) => promotionOf(image, { service, source, target, pins, options }));
  const history = await openHistory(context.workspace, context.signal);
  for (const { pin, ref } of promotions) {
    if (pin.commit !== undefined && !(await history.has(pin.commit))) {
      throw commitUnknown(`Promoting ${ref} from ${source.name} to ${target.name}`, pin.commit);
    }
  }
  if (!options.isDryRun) await bringImages(promotions, { service, source, target, context });
  print(`${service.label}: ${source.name} → ${target.name}`);
  for (const promotion of promotions) {
    for (const line of await describe(promotion, history, pathsOf(service.sources, service.file))) print(`  ${line}`);
  }
  if (options.isDryRun) return;
  const isChanged = await updatePins(placeOf(context, service), (now) => {
    // What somebody else has promoted meanwhile is not what was checked and printed.
    refuseOther(promotions, { service, source, pins: now });
    return withPins(now, target.name, Object.fromEntries(promotions.map(({ ref, pin }) => [ref, pin])));
  });
  log.info(
    isChanged
      ? `${service.file}: recorded for ${target.name}; commit it, then deploy with ${target.name}.apply`
      : `${service.file}: as it was`,
  );
}

/** Throws K8S_USAGE. */
function targetOf(service: ServicePins, to: string | undefined): PinEnvironment {
  const steps = service.environments.filter(({ from }) => from !== '');
  const shown = steps.map(({ from, name }) => `--to=${name} (from ${from})`).join(', ') || 'none';
  if (to === undefined) {
    throw new ToolError('K8S_USAGE', `Promoting ${service.label}: it is not said which environment gets the pins`, {
      hint: `Say it after \`--\`: ${shown}.`,
    });
  }
  const target = findEnvironment(service, to, '--to');
  if (target.from !== '') return target;
  throw new ToolError('K8S_USAGE', `Promoting ${service.label}: '${to}' is the first in the order of promotion`, {
    hint: `Run \`bazel run ${pinsTarget(service.file, 'release')}\` to record its pins; what can be promoted to: ${shown}.`,
  });
}

interface Step {
  readonly service: ServicePins;
  readonly source: PinEnvironment;
  readonly pins: Pins;
}

/** Throws K8S_PIN_MISSING and K8S_PIN_DIRTY. */
function promotionOf(
  image: PinnedImageConfig,
  { service, source, target, pins, options }: Step & { readonly target: PinEnvironment } & Pick<PinsContext, 'options'>,
): Promotion {
  const from = refOf(image, source);
  const pin = pinAt(pins, source.name, from);
  if (pin === undefined) {
    const command =
      source.from === ''
        ? pinsTarget(service.file, 'release')
        : `${pinsTarget(service.file, 'promote')} -- --to=${source.name}`;
    throw new ToolError('K8S_PIN_MISSING', `Promoting ${from}: ${service.file} has no pin of it for '${source.name}'`, {
      hint: `Run \`bazel run ${command}\` first.`,
    });
  }
  if (pin.dirty === true && !options.isDirtyAllowed) {
    throw new ToolError(
      'K8S_PIN_DIRTY',
      `Promoting ${from}: its pin for '${source.name}' was built of a tree with changes, which nobody can build again`,
      { hint: 'Commit the changes and release it again; `-- --allow-dirty` promotes it all the same.' },
    );
  }
  const ref = refOf(image, target);
  return { image, ref, pin, before: pinAt(pins, target.name, ref) };
}

/** Has all images, with what refers to them, in the target's registry. Throws K8S_PIN_GONE. */
async function bringImages(promotions: readonly Promotion[], step: Bringing): Promise<void> {
  const { source, target, context } = step;
  const [from, to] = await Promise.all([registryOf(source, context), registryOf(target, context)]);
  if (from.endpoint !== to.endpoint) {
    for (const promotion of promotions) await copyOne(promotion, { ...step, from, to });
  }
  await askRegistry(to, context, async (at) => {
    for (const promotion of promotions) {
      const [part] = await missingParts(at(promotion.image.repository), promotion.pin.digest);
      if (part !== undefined) throw goneError(promotion, step, part);
    }
  });
}

interface Bringing {
  readonly service: ServicePins;
  readonly source: PinEnvironment;
  readonly target: PinEnvironment;
  readonly context: PinsContext;
}

async function copyOne(
  promotion: Promotion,
  step: Bringing & { readonly from: EnvironmentRegistry; readonly to: EnvironmentRegistry },
): Promise<void> {
  const { from, to, context } = step;
  const { repository } = promotion.image;
  const { digest } = promotion.pin;
  try {
    await copyImages([{ repository, digest }], { from, to, log: context.log, signal: context.signal });
  } catch (error) {
    if (error instanceof ToolError && error.code === 'OCI_NOT_FOUND')
      throw goneError(promotion, step, 'such image', error);
    throw explainDown(explainDown(error, from), to);
  }
}

function goneError({ image, pin }: Promotion, { service, source }: Bringing, part: string, cause?: unknown): ToolError {
  const { registry } = source;
  const { repository } = image;
  const { digest, commit } = pin;
  const known = commit === undefined ? {} : { commit };
  return pinGone({ registry, repository, digest, ...known, environment: source.name, file: service.file }, part, cause);
}

/** Throws K8S_PINS_BUSY where a pin is not what it was. */
function refuseOther(promotions: readonly Promotion[], { service, source, pins }: Step): void {
  for (const { image, pin } of promotions) {
    const from = refOf(image, source);
    if (isDeepStrictEqual({ ...pinAt(pins, source.name, from) }, { ...pin })) continue;
    throw new ToolError('K8S_PINS_BUSY', `Promoting ${from}: ${service.file} was changed meanwhile`, {
      hint: 'Run it again, on what is there now.',
    });
  }
}
