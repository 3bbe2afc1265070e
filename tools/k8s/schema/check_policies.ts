// What production asks of pods beyond what a server accepts. Each policy has a name, by which an object may waive it.
import { isDigest } from '../../lib/digest.ts';
import { type KubeObject, asList, asRecord, at, textAt } from '../model/object.ts';
import { podSpecOf } from '../model/pod_spec.ts';
import { mentionsReference } from '../secrets/reference.ts';
import type { Problem } from './finding.ts';
import { type Path, valueAt } from './path.ts';

/** What a policy looks at. */
export interface PolicyContext {
  readonly object: KubeObject;
  /** Strings that stand for images of this build. */
  readonly builtImages: ReadonlySet<string>;
}

/** One policy: its problems with an object. */
export type Policy = (context: PolicyContext) => Problem[];

/** A part of an object and where it is. */
interface Part {
  readonly path: Path;
  readonly value: Readonly<Record<string, unknown>>;
}

function podOf(object: KubeObject): Part | undefined {
  const value = podSpecOf(object);
  const path = [['spec'], ['spec', 'template', 'spec'], ['spec', 'jobTemplate', 'spec', 'template', 'spec']].find(
    (one) => value !== undefined && valueAt(object, one) === value,
  );
  return value === undefined || path === undefined ? undefined : { path, value };
}

function partsOf({ path, value }: Part, field: string): Part[] {
  return asList(value[field]).flatMap((item, index) => {
    const record = asRecord(item);
    return record === undefined ? [] : [{ path: [...path, field, index], value: record }];
  });
}

/** All containers of a pod; ephemeral ones are never in a manifest. */
function containersOf(pod: Part): Part[] {
  return [...partsOf(pod, 'initContainers'), ...partsOf(pod, 'containers')];
}

/** A policy of each container. */
function ofContainers(check: (container: Part, pod: Part, context: PolicyContext) => Problem[]): Policy {
  return (context) => {
    const pod = podOf(context.object);
    return pod === undefined ? [] : containersOf(pod).flatMap((container) => check(container, pod, context));
  };
}

const imageTag = ofContainers(({ path, value }, _pod, { builtImages }) => {
  const image = value['image'];
  if (typeof image !== 'string' || builtImages.has(image)) return [];
  const [name = '', digest] = image.split('@', 2);
  const tag = /:([^/]*)$/.exec(name)?.[1];
  if (digest === undefined ? tag !== undefined && tag !== 'latest' : isDigest(digest)) return [];
  const what =
    digest !== undefined
      ? `has '${digest}' for a digest`
      : tag === undefined
        ? 'has neither tag nor digest'
        : 'is whatever was pushed last';
  return [
    {
      code: 'MANIFEST_IMAGE_TAG',
      path: [...path, 'image'],
      message: `'${image}' ${what}`,
      hint: 'Name a digest (image@sha256:…) or a version, or build the image: images of k8s_object gets its digest.',
    },
  ];
});

/** What must be said of resources; the server takes a limit for a request that is missing. */
const RESOURCES = [
  ['limits', 'memory', 'without it, one pod can take the memory of all others on its node'],
  ['requests', 'memory', 'without it, the scheduler puts more on a node than fits'],
  ['requests', 'cpu', 'without it, the scheduler puts more on a node than fits'],
] as const;

const resources = ofContainers((container, pod) =>
  RESOURCES.flatMap(([what, resource, why]) => {
    // The resources of a pod as a whole are those of containers that have none.
    const places = [container, pod].map(({ value }) => value['resources']);
    const isSet = places.some((place) => [what, 'limits'].some((one) => at(place, one, resource) !== undefined));
    if (isSet) return [];
    const problem: Problem = {
      code: 'MANIFEST_NO_RESOURCES',
      path: [...container.path, 'resources', what, resource],
      message: `it is missing: ${why}`,
      hint: `Set resources.${what}.${resource}, such as ${resource === 'cpu' ? '50m' : '128Mi'}.`,
    };
    return [problem];
  }),
);

const privileged = ofContainers(({ path, value }) =>
  at(value, 'securityContext', 'privileged') === true
    ? [
        {
          code: 'MANIFEST_PRIVILEGED',
          path: [...path, 'securityContext', 'privileged'],
          message: 'the container is as mighty as root on its node',
          hint: 'Remove it; add the single capabilities that it needs.',
        },
      ]
    : [],
);

const HOST_PATH_HINT = 'Use a volume claim, an emptyDir or a configMap.';

const hostPath: Policy = ({ object }) => {
  const pod = podOf(object);
  const volumes = pod === undefined ? [] : partsOf(pod, 'volumes');
  const volume: Part[] =
    object.kind === 'PersistentVolume' ? [{ path: ['spec'], value: asRecord(object['spec']) ?? {} }] : [];
  return [...volumes, ...volume]
    .filter(({ value }) => value['hostPath'] !== undefined && value['hostPath'] !== null)
    .map(({ path, value }) => ({
      code: 'MANIFEST_HOST_PATH',
      path: [...path, 'hostPath'],
      message: `${textAt(value, 'hostPath', 'path') ?? 'a folder'} of the node is in the pod's reach`,
      hint: HOST_PATH_HINT,
    }));
};

const HOST_NAMESPACES = {
  hostIPC: "the node's IPC",
  hostNetwork: "the node's network",
  hostPID: "the node's processes",
};

const hostNamespaces: Policy = ({ object }) => {
  const pod = podOf(object);
  return Object.entries(HOST_NAMESPACES)
    .filter(([field]) => pod?.value[field] === true)
    .map(([field, what]) => ({
      code: 'MANIFEST_HOST_NAMESPACE',
      path: [...(pod?.path ?? []), field],
      message: `the pod shares ${what}`,
      hint: 'Remove it: pods reach one another by Services.',
    }));
};

const runAsRoot = ofContainers((container, pod) => {
  const contexts = [container, pod].map((part) => ({ ...part, value: part.value['securityContext'] }));
  const withField = (field: string) => contexts.find(({ value }) => (at(value, field) ?? undefined) !== undefined);
  const user = withField('runAsUser');
  const isRoot = user !== undefined && at(user.value, 'runAsUser') === 0;
  const isSafe = user !== undefined || at(withField('runAsNonRoot')?.value, 'runAsNonRoot') === true;
  if (!isRoot && isSafe) return [];
  const path = isRoot
    ? [...user.path, 'securityContext', 'runAsUser']
    : [...container.path, 'securityContext', 'runAsNonRoot'];
  return [
    {
      code: 'MANIFEST_RUN_AS_ROOT',
      path,
      message: isRoot ? 'user 0 is root' : 'nothing keeps the image from running as root',
      hint: "Set securityContext.runAsNonRoot: true (of the pod, or of the container) and, where the image's own user is root, runAsUser.",
    },
  ];
});

const BASE64 = /^[A-Za-z0-9+/=\s]+$/;

const secretValues: Policy = ({ object }) => {
  if (object.kind !== 'Secret' || object.apiVersion !== 'v1') return [];
  return ['data', 'stringData'].flatMap((field) =>
    Object.entries(asRecord(object[field]) ?? {})
      .filter(([, value]) => typeof value === 'string' && value !== '' && !mentionsReference(value))
      // What is no base64 is another finding.
      .filter(([, value]) => field !== 'data' || BASE64.test(String(value)))
      .map(([key]) => ({
        code: 'MANIFEST_SECRET_VALUE' as const,
        path: [field, key],
        message: 'the value is in the manifest, and so in git and in caches',
        hint: 'Write a reference in stringData: jsonnet/secret.libsonnet makes one; docs/secrets.md tells of them.',
      })),
  );
};

/** All policies by the names that waive them. */
export const POLICIES: Readonly<Record<string, Policy>> = {
  'host-namespaces': hostNamespaces,
  'host-path': hostPath,
  'image-tag': imageTag,
  privileged,
  resources,
  'run-as-root': runAsRoot,
  'secret-values': secretValues,
};
