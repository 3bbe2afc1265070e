// The files of a check: objects that k8s_object rendered, and plain manifests.
import { readFile } from 'node:fs/promises';
import { ToolError } from '../../lib/errors.ts';
import { parseManifest } from '../model/manifest.ts';
import { asRecord } from '../model/object.ts';
import type { ObjectInput } from '../model/plan_input.ts';
import type { Manifest } from './finding.ts';

/** A file to check, as the rule names it. */
export interface ManifestSource {
  /** Where it is now. */
  readonly path: string;
  /** What it is called in findings. */
  readonly file: string;
  /** The k8s_object whose output it is; empty for a plain manifest. */
  readonly label: string;
}

/** Options of {@link readManifests}. */
export interface ReadOptions {
  /** Environment → the release of its cluster, `1.34`. Default: that of the schemas. */
  readonly environments?: Readonly<Record<string, string>>;
  /** The release of all clusters, before that of the environments. Default: none. */
  readonly version?: string;
}

/** Reads manifests. Throws the K8S_* errors of what is no manifest at all, and MANIFEST_UNREADABLE. */
export async function readManifests(
  sources: readonly ManifestSource[],
  options: ReadOptions = {},
): Promise<readonly Manifest[]> {
  return Promise.all(sources.map((source) => readManifest(source, options)));
}

async function readManifest(source: ManifestSource, options: ReadOptions): Promise<Manifest> {
  const { path, file, label } = source;
  const text = await readFile(path, 'utf8');
  const forVersion = (environment: string) => {
    const kubernetesVersion = options.version ?? options.environments?.[environment];
    return kubernetesVersion === undefined ? {} : { kubernetesVersion };
  };
  if (label === '')
    return { label, file, objects: parseManifest(text, { label: 'manifest', file }), ...forVersion('') };
  const input = parseInput(text, source);
  return {
    label,
    file,
    objects: input.objects,
    builtImages: input.images.map(({ ref }) => ref),
    ...forVersion(input.guard.environment),
  };
}

function parseInput(text: string, { path, label }: ManifestSource): ObjectInput {
  try {
    const value: unknown = JSON.parse(text);
    if (asRecord(value)?.['version'] === 1) return value as ObjectInput;
    throw new Error('it is not of version 1');
  } catch (cause) {
    throw new ToolError('MANIFEST_UNREADABLE', `Reading what ${label} rendered, ${path}`, {
      cause,
      hint: 'Build the target again: `bazel test` does it.',
    });
  }
}
