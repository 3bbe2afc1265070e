// The files that the build hands to the engine: a stack's plan input and the rendered objects that it names.
import { readFile } from 'node:fs/promises';
import { ToolError } from '../../lib/errors.ts';
import { type KubeObject, asRecord } from './object.ts';

/** Which cluster an object goes to, and as whom. Empty strings: not said. */
export interface Connection {
  readonly cluster: string;
  readonly context: string;
  readonly namespace: string;
  readonly user: string;
  /** Runfiles path of a kubeconfig, or empty. */
  readonly kubeconfig: string;
}

/** An image that is pushed and whose digest is written into the manifest. */
export interface ImageInput {
  /** The string in the manifest. */
  readonly ref: string;
  readonly registry: string;
  readonly repository: string;
  /** Runfiles path of the image's image.json. */
  readonly image: string;
}

/** An image whose digest is pinned, and already in the manifest. */
export interface PinnedImage {
  readonly registry: string;
  readonly repository: string;
  readonly digest: string;
  /** What it was built of; missing where the pin does not say. */
  readonly commit?: string;
  readonly environment: string;
  /** Where the pin is: `services/x/pins.json`. */
  readonly file: string;
}

/** What an object's environment asks of whoever changes it. */
export interface Guard {
  /** The environment's name; empty where there is none. */
  readonly environment: string;
  /** Whether changes want a clean tree, pinned images and a confirmation. */
  readonly isProtected: boolean;
  /** The SHA-256 fingerprint of the cluster's certificate authority, in hexadecimal; empty where none is recorded. */
  readonly caSha256: string;
}

/** An encrypted file that secret references of an object may name. */
export interface SecretFile {
  /** As references name it: its path in the workspace. */
  readonly path: string;
  /** Its runfiles path; not in a packed plan. */
  readonly file?: string;
  /** What it holds, in a packed plan: encrypted, as the file is. */
  readonly text?: string;
}

/** What one k8s_object became: `<name>.object.json`. */
export interface ObjectInput {
  readonly version: 1;
  readonly label: string;
  readonly connection: Connection;
  readonly guard: Guard;
  readonly images: readonly ImageInput[];
  /** Missing in what a plan of before holds. */
  readonly pinned?: readonly PinnedImage[];
  /** Default: none. */
  readonly secrets?: readonly SecretFile[];
  readonly objects: readonly KubeObject[];
}

/** One shallow stack: an inventory of its own. */
export interface SetInput {
  readonly label: string;
  /** Its name in the cluster; empty for an object that is applied alone, which has no inventory. */
  readonly stack: string;
  /** Where the inventory is kept. */
  readonly namespace: string;
  /** Runfiles paths of object inputs; in a packed plan the inputs themselves. */
  readonly objects: readonly (string | ObjectInput)[];
  /** Where it goes while it has no objects that say so; null or missing for objects that are applied alone. */
  readonly connection?: Connection | null;
  readonly guard?: Guard | null;
}

/** What the environment of personal namespaces says of them; `personal` of its entry in ENVS. */
export interface PersonalInput {
  /** How long one stays after its last apply, such as `72h`. Default: until it is released. */
  readonly ttl?: string;
  /** `hard` of its ResourceQuota. Default: there is none. */
  readonly quota?: Readonly<Record<string, string>>;
  /** What its LimitRange says of each container. Default: there is none. */
  readonly limits?: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

/** What a verb works on: `<name>.plan.json`. */
export interface PlanInput {
  readonly version: 1;
  readonly label: string;
  /** The stack's name as one that asks for its members. */
  readonly root: string;
  /** Namespaces of all environments: nobody's personal one may be among them. */
  readonly reservedNamespaces: readonly string[];
  /** Default: personal namespaces have neither end nor quota. */
  readonly personal?: PersonalInput | null;
  /** What is needed first comes first. */
  readonly sets: readonly SetInput[];
  /** Arguments of the BUILD file, before those of the command line. */
  readonly args: readonly string[];
}

/** A set with its objects read. */
export interface LoadedSet extends Omit<SetInput, 'objects'> {
  readonly objects: readonly ObjectInput[];
}

/** Reads a plan input. Throws K8S_PLAN_UNREADABLE. */
export async function readPlanInput(path: string): Promise<PlanInput> {
  const value = await readVersioned(path);
  return value as unknown as PlanInput;
}

/** Reads the objects of all sets; `resolve` turns runfiles paths into files. Throws K8S_PLAN_UNREADABLE. */
export async function loadSets(input: PlanInput, resolve: (path: string) => string): Promise<LoadedSet[]> {
  return Promise.all(
    input.sets.map(async (set) => ({
      ...set,
      objects: await Promise.all(
        set.objects.map(async (one) =>
          typeof one === 'string' ? ((await readVersioned(resolve(one))) as unknown as ObjectInput) : one,
        ),
      ),
    })),
  );
}

async function readVersioned(path: string): Promise<Readonly<Record<string, unknown>>> {
  try {
    const value = asRecord(JSON.parse(await readFile(path, 'utf8')));
    if (value?.['version'] === 1) return value;
    throw new Error('it is not of version 1');
  } catch (cause) {
    throw new ToolError('K8S_PLAN_UNREADABLE', `Reading plan input ${path}`, {
      cause,
      hint: 'Build the target again: `bazel run` does it.',
    });
  }
}
