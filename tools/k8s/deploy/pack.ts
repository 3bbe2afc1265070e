// A plan input in one file: with its objects in it, and digests in place of images. What a pod can apply by itself.
import { withDigests } from '../model/images.ts';
import { type ObjectInput, type PlanInput, loadSets } from '../model/plan_input.ts';
import { digestsOf, readStackImages } from './digests.ts';

/** Packs a plan. Reads no blob. Throws K8S_PLAN_UNREADABLE, OCI_FILE_UNREADABLE, OCI_DOCUMENT_INVALID. */
export async function packPlan(input: PlanInput, resolve: (runfilesPath: string) => string): Promise<PlanInput> {
  const sets = await loadSets(input, resolve);
  const images = sets.flatMap(({ objects }) => objects).flatMap((object) => object.images);
  const packed = withDigests(sets, digestsOf(await readStackImages(images, resolve)));
  return { ...input, sets: packed.map((set) => ({ ...set, objects: set.objects.map(forPods) })) };
}

/** Nothing of the machine that builds: no image to push, no file to log in with. */
function forPods(object: ObjectInput): ObjectInput {
  return { ...object, images: [], connection: { ...object.connection, kubeconfig: '' } };
}
