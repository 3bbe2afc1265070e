// What is built: one file on top of an image of 100 MB or of 1 GB, for either side from the same files.
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { noise } from '../../tools/oci/testing/sample_image.ts';

const FILE_BYTES = 10_000_000;

/** An image that is below. */
export interface Below {
  /** In words. */
  readonly name: string;
  readonly bytes: number;
  /** The folder, and the package, of its files. */
  readonly folder: string;
}

export const BELOW: readonly Below[] = [
  { name: '100 MB', bytes: 100_000_000, folder: 'below_100_mb' },
  { name: '1 GB', bytes: 1_000_000_000, folder: 'below_1_gb' },
];

/** Where the file that changes is in the image. */
export const CHANGED_PATH = '/app/main.js';

/** Its line that changes. */
export const lineOf = (version: string) => `console.log('this is version ${version}');`;

/** Its text. */
export function sourceOf(version: string): string {
  const functions = Array.from(
    { length: 200 },
    (_, n) => `export const f${n} = (names) => names.map((name) => name.length + ${n});`,
  );
  return [...functions, lineOf(version), ''].join('\n');
}

/** Writes the files of the image below: bytes that do not compress. */
export async function writeBelow(root: string, below: Below): Promise<void> {
  const folder = join(root, below.folder, 'data');
  await mkdir(folder, { recursive: true });
  for (let index = 0; index * FILE_BYTES < below.bytes; index++) {
    await writeFile(join(folder, `${index}.bin`), noise(FILE_BYTES, `${below.folder} ${index}`));
  }
}

/** For Bazel: the image below, and the one on top of it. */
export function buildFile({ folder }: Below): string {
  return `load("@fathom//tools/oci:defs.bzl", "oci_image")

oci_image(
    name = "below",
    data_path = ".",
    directory = "/opt",
    files = glob(["data/*"]),
    visibility = ["//visibility:public"],
)

oci_image(
    name = "image",
    base = ":below",
    directory = "/app",
    files = ["main.js"],
    repository = "${folder}",
)
`;
}

/** For everybody else. */
export const belowDockerfile = (): string => 'FROM scratch\nCOPY data /opt/data\n';
export const dockerfile = (below: string): string => `FROM ${below}\nCOPY main.js ${CHANGED_PATH}\n`;
