// Two images, file by file.
import type { ContainerConfig, ImageConfig } from '../image/model.ts';
import type { ContentsEntry } from '../layer/contents.ts';
import { type PackageRecord, uniquePackages } from '../layer/package_record.ts';
import { count, describeEntry } from './format.ts';
import type { InspectedImage } from './inspected.ts';
import { differ, viewImage } from './view.ts';

/** One difference: what is there before and after. */
export interface Difference {
  readonly what: string;
  readonly before?: string;
  readonly after?: string;
}

export interface ImageDiff {
  readonly config: readonly Difference[];
  readonly packages: readonly Difference[];
  readonly files: readonly Difference[];
  /** Layers that both images have. */
  readonly sharedLayers: number;
}

/** What leads from `before` to `after`. */
export function diffImages(before: InspectedImage, after: InspectedImage): ImageDiff {
  const known = new Set(before.layers.map(({ digest }) => digest));
  return {
    config: diffRecords(configFields(before.config), configFields(after.config)),
    packages: diffPackages(before, after),
    files: diffFiles(before, after),
    sharedLayers: after.layers.filter(({ digest }) => known.has(digest)).length,
  };
}

/** Whether nothing differs that a container could see. */
export function isSameImage(diff: ImageDiff): boolean {
  return diff.config.length + diff.packages.length + diff.files.length === 0;
}

/** The lines of a difference between images. */
export function diffLines(before: InspectedImage, after: InspectedImage, diff: ImageDiff): string[] {
  const lines = [`--- ${before.name}  ${before.digest}`, `+++ ${after.name}  ${after.digest}`];
  lines.push(`${diff.sharedLayers} of ${count(after.layers.length, 'layer')} are in both`);
  for (const [title, differences] of [
    ['configuration', diff.config],
    ['packages', diff.packages],
    ['files', diff.files],
  ] as const) {
    if (differences.length === 0) continue;
    const number = (pick: (one: Difference) => boolean) => differences.filter(pick).length;
    const added = number((one) => one.before === undefined);
    const removed = number((one) => one.after === undefined);
    lines.push(`${title}: ${added} added, ${removed} removed, ${differences.length - added - removed} changed`);
    lines.push(...differences.map(differenceLine));
  }
  return lines;
}

function differenceLine({ what, before, after }: Difference): string {
  if (before === undefined) return `  + ${what}  ${after ?? ''}`;
  if (after === undefined) return `  - ${what}  ${before}`;
  return `  ~ ${what}  ${before} → ${after}`;
}

function diffFiles(before: InspectedImage, after: InspectedImage): Difference[] {
  const [old, made] = [before, after].map((image) => viewImage(image.layers.map(({ contents }) => contents)).entries);
  const entry = (entries: typeof old, path: string): ContentsEntry | undefined => entries?.get(path)?.entry;
  const paths = [...new Set([...(old?.keys() ?? []), ...(made?.keys() ?? [])])].sort();
  return paths.flatMap((path): Difference[] => {
    const [a, b] = [entry(old, path), entry(made, path)];
    if (a !== undefined && b !== undefined && !differ(a, b)) return [];
    return [
      {
        what: `/${path}`,
        ...(a === undefined ? {} : { before: describeEntry(a) }),
        ...(b === undefined ? {} : { after: describeEntry(b) }),
      },
    ];
  });
}

/** Packages are compared where both images say what they have; one of another builder does not. */
function diffPackages(before: InspectedImage, after: InspectedImage): Difference[] {
  const of = (image: InspectedImage) => image.layers.flatMap(({ contents }) => contents.packages);
  if (of(before).length === 0 || of(after).length === 0) return [];
  return diffRecords(packageVersions(of(before)), packageVersions(of(after)));
}

/** `deb libc6` → its version; of several versions of one package (npm has them), all. */
function packageVersions(packages: readonly PackageRecord[]): Map<string, string> {
  const versions = new Map<string, string>();
  for (const { type, name, version } of uniquePackages(packages)) {
    const key = `${type} ${name}`;
    const present = versions.get(key);
    versions.set(key, present === undefined ? version : `${present}, ${version}`);
  }
  return versions;
}

function diffRecords(before: ReadonlyMap<string, string>, after: ReadonlyMap<string, string>): Difference[] {
  const keys = [...new Set([...before.keys(), ...after.keys()])].sort();
  return keys.flatMap((what): Difference[] => {
    const [a, b] = [before.get(what), after.get(what)];
    if (a === b) return [];
    return [{ what, ...(a === undefined ? {} : { before: a }), ...(b === undefined ? {} : { after: b }) }];
  });
}

/** The configuration as names and values; times and history are no difference to a container. */
function configFields({ config = {}, os, architecture, variant }: ImageConfig): Map<string, string> {
  const fields = new Map<string, string>([['platform', [os, architecture, variant].filter(Boolean).join('/')]]);
  const single: readonly (keyof ContainerConfig)[] = ['User', 'Entrypoint', 'Cmd', 'WorkingDir', 'StopSignal'];
  for (const name of single) if (config[name] !== undefined) fields.set(name, JSON.stringify(config[name]));
  for (const line of config.Env ?? []) {
    const equals = line.indexOf('=');
    fields.set(`Env ${line.slice(0, equals)}`, JSON.stringify(line.slice(equals + 1)));
  }
  for (const [name, value] of Object.entries(config.Labels ?? {})) fields.set(`Label ${name}`, JSON.stringify(value));
  for (const port of Object.keys(config.ExposedPorts ?? {})) fields.set(`Port ${port}`, 'exposed');
  for (const volume of Object.keys(config.Volumes ?? {})) fields.set(`Volume ${volume}`, 'mounted');
  return fields;
}
