// resolve: pushes the images and prints the manifests with their digests.
import { readImages } from '../deploy/push.ts';
import { type Session } from '../deploy/session.ts';
import { withDigests } from '../model/images.ts';
import { manifestYaml } from '../model/manifest_yaml.ts';
import { hasReferences } from '../secrets/in_objects.ts';

/** Prints one YAML document for each object. Needs no cluster, and a registry only where there are images. */
export async function resolveVerb(session: Session): Promise<void> {
  const images = await readImages(session);
  await images.push();
  const seen = new Set<string>();
  const documents: string[] = [];
  for (const { objects } of withDigests(session.sets, images.digests)) {
    for (const input of objects) {
      if (seen.has(input.label)) continue;
      seen.add(input.label);
      for (const object of input.objects) {
        documents.push(manifestYaml(object));
      }
    }
  }
  if (session.sets.some(({ objects }) => objects.some((input) => input.objects.some(hasReferences)))) {
    session.log.warn('Secrets have references in place of values: only a verb such as .apply fills them in');
  }
  process.stdout.write(documents.join('---\n'));
}
