// The program behind oci_push targets.
import { readFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { runMain } from '../lib/cli.ts';
import { ToolError } from '../lib/errors.ts';
import { createLog } from '../lib/log.ts';
import { readClusterState } from '../lib/state.ts';
import { type ArtifactFile, type OciImage, type OciImageIndex, readImageOrIndex } from './image/oci_image.ts';
import { registryAddress } from './registry/address_of.ts';
import { type PushOptions, pushImages } from './registry/push.ts';
import { placeOf } from './push_place.ts';
import { signImage } from './sign/sign.ts';
import { keySigner } from './sign/signer.ts';
import { readSigningKey } from './sign/signing_key.ts';

await runMain(async ({ argv, env, signal }) => {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      image: { type: 'string' },
      registry: { type: 'string' },
      repository: { type: 'string' },
      tag: { type: 'string', multiple: true },
      'default-tag': { type: 'string', multiple: true },
      artifact: { type: 'string', multiple: true, default: [] },
      'artifact-type': { type: 'string', multiple: true, default: [] },
      'sign-key': { type: 'string' },
      'artifact-media-type': { type: 'string', multiple: true, default: [] },
      'repository-file': { type: 'string' },
      'tag-file': { type: 'string' },
      status: { type: 'string', multiple: true },
      cluster: { type: 'string', default: 'fathom' },
    },
  });
  const { image: path } = values;
  if (path === undefined) {
    throw new ToolError('OCI_USAGE', 'Pushing an image: --image is missing', {
      hint: 'Run an oci_push target: `bazel run //services/x:push`.',
    });
  }
  const { registry, repository, tags } = await placeOf(
    {
      registry: values.registry,
      repository: values.repository,
      repositoryFile: values['repository-file'],
      tags: values.tag,
      defaultTags: values['default-tag'],
      tagFile: values['tag-file'],
      statusFiles: values.status,
    },
    (file) => readFile(file, 'utf8'),
  );
  const state = (await readClusterState(values.cluster, env))?.registry;
  const root = env['RUNFILES_DIR'] ?? '';
  const described = await readImageOrIndex(path, (name) => `${root}/${name}`);
  const artifacts = values.artifact.map((file, index) => ({
    artifactType: values['artifact-type'][index] ?? '',
    mediaType: values['artifact-media-type'][index] ?? '',
    path: file,
  }));
  const image = withArtifacts(described, artifacts);
  const { endpoint, plainHttp } = registryAddress(registry, state);
  const key = values['sign-key'];
  const signer = key === undefined ? undefined : keySigner(await readSigningKey(key, env));
  const sign: PushOptions['sign'] =
    signer === undefined
      ? undefined
      : (place, manifest) =>
          signImage({ place, image: manifest, reference: `${registry}/${place.repository}`, signer, signal });
  const options = { endpoint, plainHttp, registry, signal, log: createLog() };
  const report = await pushImages([{ image, repository, tags }], {
    ...options,
    ...(sign === undefined ? {} : { sign }),
  });
  for (const result of report.results) process.stdout.write(`${registry}/${result.repository}@${result.digest}\n`);
});

/** The image with more to attach to it. Throws OCI_USAGE for an index, whose images have artifacts of their own. */
function withArtifacts(image: OciImage | OciImageIndex, more: readonly ArtifactFile[]): OciImage | OciImageIndex {
  if (more.length === 0) return image;
  if ('images' in image) {
    throw new ToolError('OCI_USAGE', `Pushing ${image.repository}: an index takes no 'artifacts'`, {
      hint: 'Attach them to its images, each with an oci_push of its own.',
    });
  }
  return { ...image, artifacts: [...(image.artifacts ?? []), ...more] };
}
