// Names of images in manifests, and how digests take their place.
import { posix } from 'node:path';
import { ToolError } from '../../lib/errors.ts';
import { mapStrings } from './object.ts';
import type { ImageInput, LoadedSet } from './plan_input.ts';

/** Where an image is pushed to: a registry's reference and a repository in it. */
export interface ImagePlace {
  readonly registry: string;
  readonly repository: string;
}

/** Options of {@link imagePlace}. */
export interface ImagePlaceOptions {
  /** The environment's registry, for references that name none. */
  readonly registry: string | undefined;
  /** `registry[/path]` under which everything is pushed. Default: none. */
  readonly chroot?: string | undefined;
}

/** A reference without `:tag` and `@digest`. */
export function withoutTag(reference: string): string {
  const name = reference.split('@', 1)[0] ?? reference;
  const colon = name.indexOf(':', name.lastIndexOf('/') + 1);
  return colon < 0 ? name : name.slice(0, colon);
}

/**
 * Registry and repository of an image reference. A first part with a dot or colon, or `localhost`, is a registry; a
 * reference without one belongs to the environment's. Throws K8S_IMAGE_REFERENCE.
 */
export function imagePlace(reference: string, options: ImagePlaceOptions): ImagePlace {
  const plain = withoutTag(reference);
  const name = options.chroot === undefined || options.chroot === '' ? plain : posix.join(options.chroot, plain);
  const slash = name.indexOf('/');
  const first = slash < 0 ? '' : name.slice(0, slash);
  if (/[.:]/.test(first) || first === 'localhost') return { registry: first, repository: name.slice(slash + 1) };
  if (options.registry === undefined || options.registry === '') {
    throw new ToolError('K8S_IMAGE_REFERENCE', `Reading image reference '${reference}': it names no registry`, {
      hint: 'Write registry/repository, such as registry.fathom.internal/services/x, or give the object an environment.',
    });
  }
  return { registry: options.registry, repository: name };
}

/** `registry/repository@digest`. */
export function pinnedReference(place: ImagePlace, digest: string): string {
  return `${place.registry}/${place.repository}@${digest}`;
}

/** `objects` with every string that is a key of `replacements` replaced; `used` are the keys that occurred. */
export function replaceImages<T>(
  objects: T,
  replacements: ReadonlyMap<string, string>,
): { readonly objects: T; readonly used: ReadonlySet<string> } {
  const used = new Set<string>();
  const replaced = mapStrings(objects, (text) => {
    const replacement = replacements.get(text);
    if (replacement === undefined) return text;
    used.add(text);
    return replacement;
  });
  return { objects: replaced, used };
}

/** What tells one image of a stack from another: objects may call two images by the same name, or push one to two places. */
export function imageKey({ ref, registry, repository, image }: ImageInput): string {
  return [ref, registry, repository, image].join('\n');
}

/** The sets with digests, by {@link imageKey}, in place of image names. */
export function withDigests(sets: readonly LoadedSet[], digests: ReadonlyMap<string, string>): LoadedSet[] {
  return sets.map((set) => ({
    ...set,
    objects: set.objects.map((input) => {
      const own = new Map(input.images.map((image) => [image.ref, digests.get(imageKey(image)) ?? image.ref]));
      return { ...input, objects: replaceImages(input.objects, own).objects };
    }),
  }));
}
