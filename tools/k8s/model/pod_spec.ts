// The pods that an object is or makes: where their specification is, and which images they run.
import { type KubeObject, asList, at, asRecord, textAt } from './object.ts';

/** Where kinds keep the specification of their pods. */
const PATHS: Readonly<Record<string, readonly string[]>> = {
  CronJob: ['spec', 'jobTemplate', 'spec', 'template', 'spec'],
  DaemonSet: ['spec', 'template', 'spec'],
  Deployment: ['spec', 'template', 'spec'],
  Job: ['spec', 'template', 'spec'],
  Pod: ['spec'],
  ReplicaSet: ['spec', 'template', 'spec'],
  ReplicationController: ['spec', 'template', 'spec'],
  StatefulSet: ['spec', 'template', 'spec'],
};

/** The pod specification of an object; undefined for kinds that run no pods. */
export function podSpecOf(object: KubeObject): Readonly<Record<string, unknown>> | undefined {
  const path = PATHS[object.kind];
  return path === undefined ? undefined : asRecord(at(object, ...path));
}

/** The containers of a pod specification: init containers, then the others. */
export function containersOf(spec: unknown): readonly unknown[] {
  return [...asList(at(spec, 'initContainers')), ...asList(at(spec, 'containers'))];
}

/** The images that an object's pods run, in the order of its containers. */
export function imagesOf(object: KubeObject): string[] {
  return containersOf(podSpecOf(object)).flatMap((container) => textAt(container, 'image') ?? []);
}

const SHOWN_DIGITS = 12;

/** What tells two versions of an image apart, short: the first digits of its digest, else its tag. */
export function shortImage(image: string): string {
  const [name = '', digest] = image.split('@', 2);
  if (digest !== undefined) return digest.replace(/^sha256:/, '').slice(0, SHOWN_DIGITS);
  const colon = name.indexOf(':', name.lastIndexOf('/') + 1);
  return colon < 0 ? 'latest' : name.slice(colon + 1);
}
