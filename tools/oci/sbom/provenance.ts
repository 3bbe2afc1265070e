// How an image was made, as an in-toto statement with a SLSA provenance predicate.
// https://github.com/in-toto/attestation/blob/main/spec/v1/statement.md, https://slsa.dev/spec/v1.0/provenance
import type { Digest } from '../../lib/digest.ts';
import { type PackageRecord, uniquePackages } from '../layer/package_record.ts';
import { packageUrl } from './purl.ts';

export interface ProvenanceOptions {
  /** The image's name in a registry. */
  readonly repository: string;
  readonly digest: Digest;
  /** The target: `//services/x:image`. */
  readonly target: string;
  /** `linux/amd64`. */
  readonly platform: string;
  readonly layers: readonly { readonly digest: Digest; readonly createdBy: string }[];
  readonly packages: readonly PackageRecord[];
  /** Who built it, a URI. */
  readonly builder: string;
  /** What Bazel's workspace status says, of a stamped build. Default: an unstamped build, with no time in it. */
  readonly status?: ReadonlyMap<string, string>;
}

/** What `externalParameters` and `internalParameters` of these statements mean: how oci_image works. */
const BUILD_TYPE = 'https://fathom.internal/build-types/oci_image/v1';

/** The statement as data. */
export function provenanceStatement(options: ProvenanceOptions) {
  const { repository, digest, target, platform, layers, builder, status } = options;
  const commit = status?.get('BUILD_SCM_REVISION') ?? status?.get('STABLE_GIT_COMMIT');
  const materials = uniquePackages(options.packages).map((record) => ({
    uri: packageUrl(record),
    ...(record.checksum === undefined
      ? {}
      : { digest: { [record.checksum.algorithm.toLowerCase()]: record.checksum.value } }),
  }));
  return {
    _type: 'https://in-toto.io/Statement/v1',
    subject: [{ name: repository, digest: { sha256: hexOf(digest) } }],
    predicateType: 'https://slsa.dev/provenance/v1',
    predicate: {
      buildDefinition: {
        buildType: BUILD_TYPE,
        externalParameters: { target, platform },
        internalParameters: {},
        resolvedDependencies: [
          ...(commit === undefined ? [] : [{ name: 'source', digest: { gitCommit: commit } }]),
          ...materials,
        ],
      },
      runDetails: {
        builder: { id: builder },
        ...(status === undefined ? {} : { metadata: metadataOf(status) }),
        byproducts: layers.map((layer) => ({ name: layer.createdBy, digest: { sha256: hexOf(layer.digest) } })),
      },
    },
  };
}

/** BUILD_TIMESTAMP is in seconds since 1970. */
function metadataOf(status: ReadonlyMap<string, string>) {
  const seconds = Number(status.get('BUILD_TIMESTAMP') ?? 'none');
  return Number.isFinite(seconds) ? { finishedOn: new Date(seconds * 1000).toISOString() } : {};
}

function hexOf(digest: Digest): string {
  return digest.slice('sha256:'.length);
}
