// image: pushes the image that applies the stack from inside a cluster, and all images that the stack runs.
import { ToolError } from '../../lib/errors.ts';
import { pushAll, registryContext } from '../deploy/push.ts';
import type { Session } from '../deploy/session.ts';
import { pinnedReference } from '../model/images.ts';

/** Prints `registry/repository@digest` of the image. Throws K8S_USAGE where no registry is known, and OCI_*. */
export async function imageVerb(session: Session): Promise<void> {
  const { file, registry, repository } = session.options.image;
  if (registry === '' || repository === '') {
    throw new ToolError('K8S_USAGE', `Pushing the image of ${session.input.label}: its registry is not known`, {
      hint: 'Name one with `-- --registry HOST`, or give the stack an environment that has one.',
    });
  }
  const { readStackImages } = await import('../deploy/digests.ts');
  const [own, images] = await Promise.all([
    // The description names its own files as runfiles.
    readStackImages([{ ref: '', registry, repository, image: file }], (path) =>
      path === file ? file : session.resolve(path),
    ),
    readStackImages(session.images, session.resolve),
  ]);
  await pushAll([...images, ...own], registryContext(session));
  for (const image of own) session.print(pinnedReference(image, image.oci.manifest.digest));
}
