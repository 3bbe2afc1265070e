// What two builds disagree on.
import { diffImages } from '../../oci/inspect/diff.ts';
import type { InspectedImage } from '../../oci/inspect/inspected.ts';
import type { BuildResult } from './builds.ts';

/** Lines for each name whose digests differ or that only one build made; empty when they agree. */
export function disagreements(a: BuildResult, b: BuildResult): readonly string[] {
  return [...new Set([...a.digests.keys(), ...b.digests.keys()])]
    .sort()
    .filter((name) => a.digests.get(name) !== b.digests.get(name))
    .map((name) => {
      const digests = `${name}: ${a.digests.get(name) ?? 'not built'} and ${b.digests.get(name) ?? 'not built'}`;
      const [before, after] = [a.images.get(name), b.images.get(name)];
      return before === undefined || after === undefined ? digests : `${digests}\n  ${firstDifference(before, after)}`;
    });
}

/** Where two builds of one image part: the first file, else what of the configuration, else the layer. */
export function firstDifference(before: InspectedImage, after: InspectedImage): string {
  const { files, config } = diffImages(before, after);
  const [file] = files;
  if (file !== undefined) {
    const more = files.length === 1 ? '' : `, and ${files.length - 1} more`;
    const layer = layerOf(before, file.what) ?? layerOf(after, file.what);
    return `${file.what} of ${layer ?? 'no layer'} differs: ${file.before ?? 'absent'} and ${file.after ?? 'absent'}${more}`;
  }
  const [field] = config;
  if (field !== undefined) return `${field.what} differs: ${field.before ?? 'absent'} and ${field.after ?? 'absent'}`;
  const layer = before.layers.find(({ digest }, index) => digest !== after.layers[index]?.digest);
  return layer === undefined
    ? 'history, times or annotations differ'
    : `${layer.contents.createdBy} has the same files in other bytes: their order, times or compression differ`;
}

/** The label that made the layer with a path; the topmost has it. */
function layerOf(image: InspectedImage, path: string): string | undefined {
  return image.layers.findLast(({ contents }) => contents.entries.some((entry) => `/${entry.path}` === path))?.contents
    .createdBy;
}
