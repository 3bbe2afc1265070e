// A plan input in one file: with its objects in it, and digests in place of images. What a pod can apply by itself.
import { readFile } from 'node:fs/promises';
import { withDigests } from '../model/images.ts';
import { type LoadedSet, type ObjectInput, type PlanInput, loadSets } from '../model/plan_input.ts';
import { digestsOf, readStackImages } from './digests.ts';

/** Packs a plan. Reads no blob. Throws K8S_PLAN_UNREADABLE, OCI_FILE_UNREADABLE, OCI_DOCUMENT_INVALID. */
export async function packPlan(input: PlanInput, resolve: (runfilesPath: string) => string): Promise<PlanInput> {
  const sets = await loadSets(input, resolve);
  const images = sets.flatMap(({ objects }) => objects).flatMap((object) => object.images);
  const packed = withDigests(sets, digestsOf(await readStackImages(images, resolve)));
  const forPod = async (set: LoadedSet) => ({
    ...set,
    objects: await Promise.all(set.objects.map((object) => forPods(object, resolve))),
  });
  return { ...input, sets: await Promise.all(packed.map(forPod)) };
}

/** Nothing of the machine that builds: no image to push, no file to log in with. Secrets stay encrypted. */
async function forPods(object: ObjectInput, resolve: (runfilesPath: string) => string): Promise<ObjectInput> {
  const secrets = await Promise.all(
    (object.secrets ?? []).map(async ({ path, file = '' }) => ({ path, text: await readFile(resolve(file), 'utf8') })),
  );
  const connection = { ...object.connection, kubeconfig: '' };
  return { ...object, images: [], connection, ...(secrets.length === 0 ? {} : { secrets }) };
}
