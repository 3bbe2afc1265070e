// The documents about an image that its build writes: the bill of materials and the provenance.
import type { BuiltImage } from '../image/build_image.ts';
import type { LayerContents } from '../layer/contents.ts';
import { provenanceStatement } from './provenance.ts';
import { spdxDocument } from './spdx.ts';

export interface DescribeOptions {
  /** The image's name in a registry. */
  readonly repository: string;
  readonly built: BuiltImage;
  /** What is in its layers, as far as that is known. */
  readonly contents: readonly LayerContents[];
  /** The target: `//services/x:image`. */
  readonly target: string;
  /** Who builds, a URI. */
  readonly builder: string;
  /** Bazel's workspace status, of a stamped build. Default: an unstamped build, with no time in it. */
  readonly status?: ReadonlyMap<string, string>;
}

/** Both documents as text. */
export function describeImage(options: DescribeOptions): { readonly sbom: string; readonly provenance: string } {
  const { repository, built, contents, target, builder, status } = options;
  const { os, architecture } = built.config.value;
  const image = {
    repository,
    digest: built.manifest.descriptor.digest,
    packages: contents.flatMap(({ packages }) => packages),
  };
  return {
    sbom: documentText(spdxDocument(image)),
    provenance: documentText(
      provenanceStatement({
        ...image,
        target,
        platform: `${os}/${architecture}`,
        layers: built.layers,
        builder,
        ...(status === undefined ? {} : { status }),
      }),
    ),
  };
}

function documentText(document: object): string {
  return `${JSON.stringify(document, null, 2)}\n`;
}
