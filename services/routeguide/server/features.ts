// The data set: features.json, checked.
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { checkPoint, type Feature } from './routeguide.ts';

/** Features, and a digest by which a store knows whether it holds just these. */
export interface FeatureSet {
  readonly digest: string;
  readonly features: readonly Feature[];
}

function featureOf(value: unknown, index: number): Feature {
  const { name, latitudeE7, longitudeE7 } = (value ?? {}) as Readonly<Record<string, unknown>>;
  if (typeof name !== 'string' || !Number.isInteger(latitudeE7) || !Number.isInteger(longitudeE7)) {
    throw new Error(`Reading features: entry ${index} must have a name and whole numbers latitudeE7 and longitudeE7`);
  }
  const location = { latitudeE7: latitudeE7 as number, longitudeE7: longitudeE7 as number };
  return { name, location: checkPoint(location, `entry ${index}`) };
}

/** The feature set that `text` (JSON) describes. */
export function parseFeatures(text: string): FeatureSet {
  const values: unknown = JSON.parse(text);
  if (!Array.isArray(values)) throw new Error('Reading features: the file must hold an array');
  return { digest: createHash('sha256').update(text).digest('hex'), features: values.map(featureOf) };
}

/** Reads a feature set. Default: the features.json beside this program. */
export async function readFeatures(file: URL = new URL('features.json', import.meta.url)): Promise<FeatureSet> {
  return parseFeatures(await readFile(file, 'utf8'));
}
