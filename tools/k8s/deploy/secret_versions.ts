// Pods that read a secret start anew when its values change.
//
// What a pod's template says of a secret can be read by many who may not read the secret. A hash of a short value tells
// the value to whoever tries all of them; so it is a random word, kept at the Secret for as long as its values stay.
import { randomBytes } from 'node:crypto';
import { mapLimited } from '../../lib/limit.ts';
import { type KubeObject, asList, asRecord, at, keyOf, textAt } from '../model/object.ts';
import { podSpecOf } from '../model/pod_spec.ts';
import { REFERENCES, VERSION } from '../secrets/in_objects.ts';
import type { Desired } from './desired.ts';

/** On a pod's template: `name=version` of each such Secret that it reads. */
const VERSIONS = 'fathom.internal/secret-versions';
/** On a Secret: `none`, for pods that see a change by themselves. */
const ROLLOUT = 'fathom.internal/rollout';
const CONCURRENCY = 16;

/** `wanted`, with the versions of their values at Secrets, and at the templates of pods that read these. */
export async function withVersions(
  wanted: readonly Desired[],
  liveOf: (one: Desired) => Promise<KubeObject | undefined>,
): Promise<readonly Desired[]> {
  const secrets = wanted.filter(({ object }) => isFilled(object));
  if (secrets.length === 0) return wanted;
  const versions = new Map<string, string>();
  await mapLimited(secrets, CONCURRENCY, async (one) => {
    versions.set(keyOf(one.object), versionOf(one.object, await liveOf(one)));
  });
  return wanted.map((one) => {
    const version = versions.get(keyOf(one.object));
    const object = version === undefined ? withTemplate(one, versions, wanted) : marked(one.object, version);
    return object === one.object ? one : { ...one, object };
  });
}

function isFilled({ kind, metadata }: KubeObject): boolean {
  return kind === 'Secret' && metadata.annotations?.[REFERENCES] !== undefined;
}

/** That of the live object, where its values are the wanted ones. */
function versionOf(object: KubeObject, live: KubeObject | undefined): string {
  const known = live?.metadata.annotations?.[VERSION];
  const [values, before] = [asRecord(object['data']) ?? {}, asRecord(live?.['data']) ?? {}];
  const former = Object.keys(asRecord(parse(live?.metadata.annotations?.[REFERENCES])) ?? {});
  const isSame =
    Object.entries(values).every(([key, value]) => before[key] === value) && former.every((key) => key in values);
  return known !== undefined && isSame ? known : randomBytes(8).toString('hex');
}

function parse(text: string | undefined): unknown {
  try {
    return JSON.parse(text ?? '{}');
  } catch {
    return undefined;
  }
}

function marked(object: KubeObject, version: string): KubeObject {
  const annotations = { ...object.metadata.annotations, [VERSION]: version };
  return { ...object, metadata: { ...object.metadata, annotations } };
}

/** Only kinds that make new pods when their template changes; the template of a Job cannot be changed. */
const ROLLING: ReadonlySet<string> = new Set(['DaemonSet', 'Deployment', 'StatefulSet']);

function withTemplate(
  { object, set }: Desired,
  versions: ReadonlyMap<string, string>,
  wanted: readonly Desired[],
): KubeObject {
  if (!ROLLING.has(object.kind) || object.apiVersion !== 'apps/v1') return object;
  const { namespace } = object.metadata;
  const read = secretsReadBy(podSpecOf(object));
  const words = wanted
    // Those of another stack are not known when this one is applied alone.
    .filter((one) => one.set === set)
    .map((one) => one.object)
    .filter(({ kind, metadata }) => kind === 'Secret' && metadata.namespace === namespace && read.has(metadata.name))
    .filter(({ metadata }) => metadata.annotations?.[ROLLOUT] !== 'none')
    .flatMap((secret) => {
      const version = versions.get(keyOf(secret));
      return version === undefined ? [] : [`${secret.metadata.name}=${version}`];
    });
  return words.length === 0 ? object : withAnnotation(object, [...new Set(words)].sort().join(','));
}

/** The names of Secrets that a pod's containers or volumes read. */
function secretsReadBy(spec: unknown): ReadonlySet<string> {
  const names = new Set<string>();
  const add = (name: string | undefined): void => void (name === undefined || names.add(name));
  for (const field of ['containers', 'initContainers']) {
    for (const container of asList(at(spec, field))) {
      for (const one of asList(at(container, 'env'))) add(textAt(one, 'valueFrom', 'secretKeyRef', 'name'));
      for (const one of asList(at(container, 'envFrom'))) add(textAt(one, 'secretRef', 'name'));
    }
  }
  for (const volume of asList(at(spec, 'volumes'))) {
    add(textAt(volume, 'secret', 'secretName'));
    for (const source of asList(at(volume, 'projected', 'sources'))) add(textAt(source, 'secret', 'name'));
  }
  return names;
}

function withAnnotation(object: KubeObject, words: string | undefined): KubeObject {
  const spec = asRecord(object['spec']) ?? {};
  const template = asRecord(spec['template']) ?? {};
  const metadata = asRecord(template['metadata']) ?? {};
  const { [VERSIONS]: _versions, ...others } = asRecord(metadata['annotations']) ?? {};
  const annotations = words === undefined ? others : { ...others, [VERSIONS]: words };
  const { annotations: _annotations, ...rest } = metadata;
  const next = Object.keys(annotations).length === 0 ? rest : { ...rest, annotations };
  return { ...object, spec: { ...spec, template: { ...template, metadata: next } } };
}

/** The object as its manifest has it: versions are those of the moment. */
export function withoutVersions(object: KubeObject): KubeObject {
  const annotations = at(object, 'spec', 'template', 'metadata', 'annotations');
  return asRecord(annotations)?.[VERSIONS] === undefined ? object : withAnnotation(object, undefined);
}
