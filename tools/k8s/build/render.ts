// What the build makes of a k8s_object: its manifest checked, substituted and pinned. Pure: text in, text out.
import { isDigest } from '../../lib/digest.ts';
import { ToolError } from '../../lib/errors.ts';
import { imagePlace, pinnedReference, replaceImages } from '../model/images.ts';
import { parseManifest } from '../model/manifest.ts';
import { manifestsYaml } from '../model/manifest_yaml.ts';
import { type KubeObject, asRecord, nameOf, textAt } from '../model/object.ts';
import { pinsTarget } from '../model/pins.ts';
import type { Connection, Guard, ImageInput, ObjectInput, PinnedImage, SecretFile } from '../model/plan_input.ts';
import { referencesOf } from '../secrets/in_objects.ts';
import { checkSopsReferences } from '../secrets/sops_references.ts';

/** The parameters of the build action. Values with `{KEY}` in them are stamped. */
export interface RenderParams {
  readonly label: string;
  readonly template: string;
  readonly kind: string;
  readonly connection: Connection;
  readonly environment: string;
  /** The environment from which pins are promoted to this one. Default: none, they are released to it. */
  readonly promotesFrom?: string;
  readonly guard: Guard;
  readonly registry: string;
  /** The environments' namespaces. */
  readonly reservedNamespaces: readonly string[];
  readonly imageChroot: string;
  readonly substitutions: Readonly<Record<string, string>>;
  /** Images of the manifest; `image` is empty where the digest comes from pins. */
  readonly images: readonly { readonly ref: string; readonly image: string }[];
  /** Encrypted files that references may name. */
  readonly secrets: readonly Required<Pick<SecretFile, 'path' | 'file'>>[];
}

/** The texts that {@link render} works on. */
export interface RenderSources {
  readonly template: string;
  /** The parsed pins.json, or undefined where images are built. */
  readonly pins?: unknown;
  /** Where pins come from, for errors. */
  readonly pinsFile?: string;
  /** What the encrypted files hold, by path. Default: there are none. */
  readonly secrets?: ReadonlyMap<string, string>;
  /** Keys and values of the workspace status. */
  readonly status: ReadonlyMap<string, string>;
}

/** The engine's input and the manifest for people. Throws K8S_* errors with label, file, object and remedy. */
export function render(
  params: RenderParams,
  sources: RenderSources,
): { readonly input: ObjectInput; readonly yaml: string } {
  const { label } = params;
  const stamp = (text: string) => stampText(text, sources.status, label);
  const stampAll = <T extends object>(record: T): T =>
    Object.fromEntries(Object.entries(record).map(([key, value]) => [key, stamp(String(value))])) as T;
  let text = sources.template;
  for (const [from, to] of Object.entries(stampAll(params.substitutions))) text = text.replaceAll(from, () => to);
  const parsed = parseManifest(text, { label, file: params.template, kind: params.kind });
  refuseOtherEnvironment(parsed, params);
  checkReferences(parsed, params, sources);

  const chroot = stamp(params.imageChroot);
  const images = params.images.map(({ ref, image }): ImageInput => {
    const stamped = stamp(ref);
    return { ref: stamped, image, ...imagePlace(stamped, { registry: params.registry, chroot }) };
  });
  const pinned = images.filter(({ image }) => image === '').map((image) => pinOf(image, params, sources));
  const { objects, used } = replaceImages(
    parsed,
    new Map([
      ...images.map(({ ref }) => [ref, ref] as const),
      ...pinned.map(({ ref, pin }) => [ref, pinnedReference(pin, pin.digest)] as const),
    ]),
  );
  for (const { ref } of images) {
    if (used.has(ref)) continue;
    throw new ToolError('K8S_IMAGE_UNUSED', `Reading ${label}: ${params.template} has no string '${ref}'`, {
      hint: 'Name the image in the manifest exactly so, or remove it from images.',
    });
  }
  const built = images.filter(({ image }) => image !== '');
  return {
    input: {
      version: 1,
      label,
      connection: stampAll(params.connection),
      guard: params.guard,
      images: built,
      ...(pinned.length === 0 ? {} : { pinned: pinned.map(({ pin }) => pin) }),
      ...(params.secrets.length === 0 ? {} : { secrets: params.secrets }),
      objects,
    },
    yaml: manifestsYaml(objects),
  };
}

/** What is wrong with a reference is told now: all but the values is known. */
function checkReferences(objects: readonly KubeObject[], params: RenderParams, sources: RenderSources): void {
  const references = objects.flatMap((object) => referencesOf(object, params.label));
  const files = params.secrets.map(({ path }) => ({ path, text: sources.secrets?.get(path) ?? '' }));
  checkSopsReferences(references, files);
}

/** An object of one environment in the namespace of another was copied there by mistake. */
function refuseOtherEnvironment(objects: readonly KubeObject[], params: RenderParams): void {
  const { environment, connection, reservedNamespaces, label, template } = params;
  if (environment === '') return;
  const stray = objects.find(
    ({ metadata: { namespace } }) =>
      namespace !== undefined && namespace !== connection.namespace && reservedNamespaces.includes(namespace),
  );
  if (stray === undefined) return;
  throw new ToolError(
    'K8S_NAMESPACE_MISMATCH',
    `Reading ${label}: ${template}: ${nameOf(stray)} is in another environment's namespace; that of '${environment}' is '${connection.namespace}'`,
    { hint: `Set metadata.namespace to '${connection.namespace}', or leave it out.` },
  );
}

/** The pin of an image that is not built. Throws K8S_PIN_MISSING. */
function pinOf(
  { ref, registry, repository }: ImageInput,
  params: RenderParams,
  sources: RenderSources,
): { readonly ref: string; readonly pin: PinnedImage } {
  const { label, environment, promotesFrom = '' } = params;
  const digest = textAt(sources.pins, environment, ref, 'digest');
  const file = sources.pinsFile ?? 'pins';
  if (digest !== undefined && isDigest(digest)) {
    const commit = textAt(sources.pins, environment, ref, 'commit');
    const known = commit === undefined ? {} : { commit };
    return { ref, pin: { registry, repository, digest, ...known, environment, file } };
  }
  const environments = Object.keys(asRecord(sources.pins) ?? {}).join(', ') || 'none';
  const problem =
    digest === undefined
      ? `${file} has no pin of ${ref} for '${environment}' (environments in it: ${environments})`
      : `${file}: the pin of ${ref} for '${environment}' is '${digest}', no sha256 digest`;
  const command =
    promotesFrom === ''
      ? `${pinsTarget(file, 'release')}\``
      : `${pinsTarget(file, 'promote')} -- --to=${environment}\`, which copies the pin of '${promotesFrom}'`;
  throw new ToolError('K8S_PIN_MISSING', `Reading ${label}: ${problem}`, {
    hint: `Record one: \`bazel run ${command}.`,
  });
}

function stampText(text: string, status: ReadonlyMap<string, string>, label: string): string {
  return text.replaceAll(/\{([A-Z_][A-Z0-9_]*)\}/g, (_match, key: string) => {
    const value = status.get(key);
    if (value !== undefined) return value;
    throw new ToolError('K8S_STAMP_MISSING', `Stamping ${label}: the workspace status has no key '${key}'`, {
      hint: 'Print it from the program of --workspace_status_command, or remove the braces.',
    });
  });
}

/** The lines `KEY value` of a status file. */
export function parseStatus(text: string): [string, string][] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const space = line.indexOf(' ');
      return space < 0 ? [line, ''] : [line.slice(0, space), line.slice(space + 1)];
    });
}
