// What the build says of a service's pins: `<name>.service.json` of a k8s_pins target.
import { readFile } from 'node:fs/promises';
import { ToolError } from '../../lib/errors.ts';
import { asRecord } from '../model/object.ts';

/** An environment that deploys pins. */
export interface PinEnvironment {
  readonly name: string;
  /** The registry's name in references. */
  readonly registry: string;
  /** The cluster whose own registry that may be. */
  readonly cluster: string;
  /** The environment whose pins are promoted to this one; empty: pins are released to it. */
  readonly from: string;
}

/** An image whose digests are pinned. */
export interface PinnedImageConfig {
  /** Its name in registries: `services/x`. */
  readonly repository: string;
  /** The target that builds it. */
  readonly label: string;
  /** Runfiles path of the image's description. */
  readonly entry: string;
}

/** The pins of one service. */
export interface ServicePins {
  readonly version: 1;
  /** The k8s_pins target. */
  readonly label: string;
  readonly package: string;
  /** pins.json, below the workspace. */
  readonly file: string;
  readonly images: readonly PinnedImageConfig[];
  /** In the order of promotion. */
  readonly environments: readonly PinEnvironment[];
  /** The packages of what its images are built of. */
  readonly sources: readonly string[];
}

/** The name of an image in manifests and pins. */
export function refOf({ repository }: Pick<PinnedImageConfig, 'repository'>, { registry }: PinEnvironment): string {
  return `${registry}/${repository}`;
}

/** An environment by name. Throws K8S_USAGE that names those that there are. */
export function findEnvironment({ environments, label }: ServicePins, name: string, option: string): PinEnvironment {
  const found = environments.find((environment) => environment.name === name);
  if (found !== undefined) return found;
  const known = environments.map((environment) => environment.name).join(', ');
  throw new ToolError('K8S_USAGE', `Reading ${option} of ${label}: '${name}' is no environment that deploys pins`, {
    hint: `Name one of ${known}; cluster_constants.bzl has them, and their order (promotes_from).`,
  });
}

/** Reads the description of a service. Throws K8S_PLAN_UNREADABLE. */
export async function readServicePins(path: string): Promise<ServicePins> {
  try {
    const value = asRecord(JSON.parse(await readFile(path, 'utf8')));
    if (value?.['version'] === 1) return value as unknown as ServicePins;
    throw new Error('it is not of version 1');
  } catch (cause) {
    throw new ToolError('K8S_PLAN_UNREADABLE', `Reading the pins of a service, ${path}`, {
      cause,
      hint: 'Build the target again: `bazel run` does it.',
    });
  }
}
