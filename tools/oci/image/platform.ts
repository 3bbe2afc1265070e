// Which image of an index is meant by `os/architecture[/variant]`.
// Form: https://github.com/opencontainers/image-spec/blob/v1.1.1/image-index.md
import { ToolError } from '../../lib/errors.ts';
import { type Descriptor, asArray, asObject, parseDescriptor } from './model.ts';

/** An image of an index. */
interface Candidate {
  readonly descriptor: Descriptor;
  /** `linux/arm64/v8`; empty where the index says none. */
  readonly platform: string;
}

/**
 * The descriptor of the image for `platform`. Without a variant any variant will do, the first one; documents that an
 * index lists beside its images (attestations: platform unknown/unknown) are no images.
 * Throws OCI_PLATFORM_MISSING, which names what there is.
 */
export function choosePlatform(index: unknown, platform: string, where: string): Descriptor {
  const candidates = asArray(asObject(index, where)['manifests'], `${where}.manifests`).map((entry, at): Candidate => {
    const object = asObject(entry, `${where}.manifests[${at}]`);
    return {
      descriptor: parseDescriptor(entry, `${where}.manifests[${at}]`),
      platform: platformText(object['platform']),
    };
  });
  const found =
    candidates.find((candidate) => candidate.platform === platform) ??
    candidates.find((candidate) => candidate.platform.startsWith(`${platform}/`));
  if (found !== undefined) return found.descriptor;
  const known = candidates.map((candidate) => candidate.platform).filter((text) => /^[^/]+\//.test(text));
  throw new ToolError('OCI_PLATFORM_MISSING', `Choosing an image of ${where}: none is for ${platform}`, {
    hint: `Choose one of ${[...new Set(known)].filter((text) => !text.startsWith('unknown/')).join(', ')}.`,
  });
}

function platformText(value: unknown): string {
  if (typeof value !== 'object' || value === null) return '';
  const { os, architecture, variant } = value as Readonly<Record<string, unknown>>;
  return [os, architecture, variant].filter((part) => typeof part === 'string' && part !== '').join('/');
}
