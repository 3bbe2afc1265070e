// What an image is made of, for a person: layers with sizes, what is in each and what brought it.
import { formatBytes } from '../../lib/log.ts';
import type { ContainerConfig } from '../image/model.ts';
import type { LayerContents } from '../layer/contents.ts';
import { packageTitle } from '../layer/package_record.ts';
import { describeConflict } from './conflicts.ts';
import { count, formatMode, shortDigest } from './format.ts';
import type { InspectedImage, InspectedLayer } from './inspected.ts';
import { viewImage } from './view.ts';

export interface ExplainOptions {
  /** How many inputs and files of each layer are listed. Default: 8. */
  readonly top?: number;
}

/** The lines of the explanation. */
export function explainImage(image: InspectedImage, options: ExplainOptions = {}): string[] {
  const top = options.top ?? 8;
  const { config, layers } = image;
  const total = layers.reduce((sum, { size }) => sum + size, 0);
  const lines = [
    `${image.name}  ${image.digest}`,
    `${config.os}/${config.architecture}, ${count(layers.length, 'layer')}, ${formatBytes(total)} compressed`,
    ...configLines(config.config ?? {}).map((line) => `  ${line}`),
  ];
  for (const [index, layer] of layers.entries()) lines.push('', ...layerLines(layer, index, top));
  const contents = layers.map((layer) => layer.contents);
  const { conflicts } = viewImage(contents);
  if (conflicts.length > 0) {
    lines.push('', `${count(conflicts.length, 'path')} of one layer replaced by another:`);
    lines.push(
      ...limited(
        conflicts.map((conflict) => describeConflict(conflict, contents)),
        top,
      ),
    );
  }
  return lines;
}

function configLines(config: ContainerConfig): string[] {
  const words = (list: readonly string[] | undefined) => (list ?? []).map((word) => JSON.stringify(word)).join(' ');
  const keys = (set: Readonly<Record<string, unknown>> | undefined) => Object.keys(set ?? {}).join(' ');
  const fields: readonly (readonly [string, string])[] = [
    ['entrypoint', words(config.Entrypoint)],
    ['cmd', words(config.Cmd)],
    ['user', config.User ?? ''],
    ['workdir', config.WorkingDir ?? ''],
    ['env', (config.Env ?? []).join(' ')],
    ['ports', keys(config.ExposedPorts)],
    ['volumes', keys(config.Volumes)],
    [
      'labels',
      Object.entries(config.Labels ?? {})
        .map(([key, value]) => `${key}=${value}`)
        .join(' '),
    ],
    ['stop signal', config.StopSignal ?? ''],
  ];
  return fields.filter(([, value]) => value !== '').map(([name, value]) => `${name.padEnd(12)}${value}`);
}

function layerLines({ contents, digest, mediaType, size }: InspectedLayer, index: number, top: number): string[] {
  const files = contents.entries.filter(({ type }) => type === 'file');
  const unpacked = files.reduce((sum, file) => sum + (file.size ?? 0), 0);
  const compression = mediaType.endsWith('zstd') ? 'zstd' : mediaType.endsWith('gzip') ? 'gzip' : 'not compressed';
  const lines = [
    `layer ${index + 1}: ${contents.createdBy}`,
    `  ${formatBytes(size)} ${compression}, ${formatBytes(unpacked)} unpacked, ${count(files.length, 'file')}, ${shortDigest(digest)}`,
  ];
  const inputs = inputSizes(contents);
  if (inputs.length > 0) {
    lines.push(`  made of ${count(inputs.length, 'input')}:`);
    const shown = inputs.map(([input, bytes]) => `${formatBytes(bytes).padStart(9)}  ${input}`);
    lines.push(...limited(shown, top));
  }
  // Packages within a file, such as the modules of a Go program, are no inputs of their own.
  const inner = contents.packages.map(packageTitle).filter((title) => !contents.inputs.includes(title));
  if (inner.length > 0) {
    lines.push(`  with ${count(inner.length, 'package')} inside:`);
    lines.push(...limited(inner, top));
  }
  const largest = files.toSorted((a, b) => (b.size ?? 0) - (a.size ?? 0));
  if (largest.length > 0) {
    lines.push('  largest files:');
    const shown = largest
      .slice(0, top)
      .map((file) => `${formatBytes(file.size ?? 0).padStart(9)}  ${formatMode(file.mode)}  /${file.path}`);
    lines.push(...shown.map((line) => `    ${line}`));
  }
  return lines;
}

/** Bytes by what brought them, the most first. */
function inputSizes({ inputs, entries }: LayerContents): (readonly [string, number])[] {
  const bytes = inputs.map(() => 0);
  for (const { input, size } of entries) if (input !== undefined) bytes[input] = (bytes[input] ?? 0) + (size ?? 0);
  return inputs
    .map((input, index) => [input, bytes[index] ?? 0] as const)
    .sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1));
}

function limited(lines: readonly string[], top: number): string[] {
  const shown = lines.slice(0, top).map((line) => `    ${line}`);
  return lines.length <= top ? shown : [...shown, `    … and ${lines.length - top} more (--all)`];
}
