// The table of wrong manifests: each a good object with one change, and what must be found in it and where.
import { GOOD } from './good_objects.ts';
import { CONTAINER, JOB_POD, POD, REMOVED, type Row, type WrongManifest, rows } from './wrong_row.ts';
import { WRONG_SCHEMA } from './wrong_schema.ts';

const { cronJob, deployment, ingress, persistentVolume, referringSecret, scaler, statefulSet, widget } = GOOD;
const ALLOW = ['metadata', 'annotations'];
const ALLOW_KEY = [...ALLOW, 'fathom.internal/allow'];

const KINDS: readonly Row[] = [
  ['a misspelt kind', deployment, ['kind'], 'Deploymnet', 'MANIFEST_UNKNOWN_KIND', 'Write kind: Deployment'],
  [
    'a custom kind that nobody declares',
    widget,
    ['kind'],
    'Wadget',
    'MANIFEST_UNKNOWN_KIND',
    'CustomResourceDefinition',
  ],
  [
    'a version that never was',
    deployment,
    ['apiVersion'],
    'apps/v2',
    'MANIFEST_UNKNOWN_VERSION',
    'Write apiVersion: apps/v1',
  ],
  ['a group left out', ingress, ['apiVersion'], 'v1', 'MANIFEST_UNKNOWN_VERSION', 'networking.k8s.io/v1'],
  [
    'a version of a custom kind that is not served',
    widget,
    ['apiVersion'],
    'example.com/v1alpha1',
    'MANIFEST_UNKNOWN_VERSION',
    'example.com/v1',
  ],
  [
    'a version that is gone',
    ingress,
    ['apiVersion'],
    'extensions/v1beta1',
    'MANIFEST_API_REMOVED',
    'Write apiVersion: networking.k8s.io/v1',
  ],
  [
    'a version of an autoscaler that is gone',
    scaler,
    ['apiVersion'],
    'autoscaling/v2beta2',
    'MANIFEST_API_REMOVED',
    'Write apiVersion: autoscaling/v2',
  ],
  [
    'a version of a custom kind that will go',
    widget,
    ['apiVersion'],
    'example.com/v1beta1',
    'MANIFEST_API_DEPRECATED',
    'Write apiVersion: example.com/v1',
  ],
];

const POLICY_ROWS: readonly Row[] = [
  ['the tag latest', deployment, [...CONTAINER, 'image'], 'web:latest', 'MANIFEST_IMAGE_TAG', 'Name a digest'],
  [
    'a digest that is none',
    deployment,
    [...CONTAINER, 'image'],
    'web:1@sha256:12',
    'MANIFEST_IMAGE_TAG',
    "'sha256:12' for a digest",
  ],
  [
    'no tag, at a registry with a port',
    deployment,
    [...CONTAINER, 'image'],
    'localhost:5000/web',
    'MANIFEST_IMAGE_TAG',
    'neither tag nor digest',
  ],
  [
    'no limit of memory',
    statefulSet,
    [...CONTAINER, 'resources', 'limits'],
    REMOVED,
    'MANIFEST_NO_RESOURCES',
    'Set resources.limits.memory',
    [...CONTAINER, 'resources', 'limits', 'memory'],
  ],
  [
    'no request of processors',
    deployment,
    [...CONTAINER, 'resources', 'requests', 'cpu'],
    REMOVED,
    'MANIFEST_NO_RESOURCES',
    'Set resources.requests.cpu',
  ],
  [
    'a privileged container',
    deployment,
    [...CONTAINER, 'securityContext', 'privileged'],
    true,
    'MANIFEST_PRIVILEGED',
    'capabilities',
  ],
  [
    'a folder of the node',
    deployment,
    [...POD, 'volumes', 0],
    { name: 'tmp', hostPath: { path: '/var' } },
    'MANIFEST_HOST_PATH',
    '/var',
    [...POD, 'volumes', 0, 'hostPath'],
  ],
  [
    'a volume in a folder of the node',
    persistentVolume,
    ['spec', 'hostPath'],
    { path: '/data' },
    'MANIFEST_HOST_PATH',
    '/data',
  ],
  ["the node's network", deployment, [...POD, 'hostNetwork'], true, 'MANIFEST_HOST_NAMESPACE', 'network'],
  ["the node's processes", cronJob, [...JOB_POD, 'hostPID'], true, 'MANIFEST_HOST_NAMESPACE', 'processes'],
  ['root as user', deployment, [...POD, 'securityContext', 'runAsUser'], 0, 'MANIFEST_RUN_AS_ROOT', 'user 0 is root'],
  [
    'a user that is not said',
    deployment,
    [...POD, 'securityContext'],
    {},
    'MANIFEST_RUN_AS_ROOT',
    'runAsNonRoot: true',
    [...CONTAINER, 'securityContext', 'runAsNonRoot'],
  ],
  ['a secret', referringSecret, ['stringData', 'password'], 'hunter2', 'MANIFEST_SECRET_VALUE', 'docs/secrets.md'],
  ['a secret as base64', referringSecret, ['data', 'later'], 'aHVudGVyMg==', 'MANIFEST_SECRET_VALUE', 'in git'],
  [
    'a waiver with a misspelt name',
    deployment,
    ALLOW,
    { 'fathom.internal/allow': 'hostpath' },
    'MANIFEST_WAIVER_UNKNOWN',
    "'host-path'",
    ALLOW_KEY,
  ],
  [
    'a waiver of nothing',
    deployment,
    ALLOW,
    { 'fathom.internal/allow': 'privileged' },
    'MANIFEST_WAIVER_UNUSED',
    "Remove 'privileged'",
    ALLOW_KEY,
  ],
];

/** Rows about a cluster's release, not the object's form. */
const RELEASES: readonly WrongManifest[] = [
  {
    name: 'a version that a newer cluster deprecates',
    object: { apiVersion: 'resource.k8s.io/v1beta2', kind: 'DeviceClass', metadata: { name: 'x' }, spec: {} },
    code: 'MANIFEST_API_DEPRECATED',
    path: 'apiVersion',
    says: 'Write apiVersion: resource.k8s.io/v1',
    kubernetesVersion: '1.36',
  },
  {
    name: 'a version that an older cluster does not have yet',
    object: { apiVersion: 'resource.k8s.io/v1', kind: 'DeviceClass', metadata: { name: 'x' }, spec: {} },
    code: 'MANIFEST_UNKNOWN_VERSION',
    path: 'apiVersion',
    says: 'Kubernetes 1.34 brings',
    kubernetesVersion: '1.33',
  },
];

/** Rows that a server refuses as well. */
export const REFUSED: readonly WrongManifest[] = [
  ...WRONG_SCHEMA,
  ...rows(
    'kind',
    KINDS.filter(([, , , , code]) => code !== 'MANIFEST_API_DEPRECATED'),
  ),
];

/** All rows. */
export const WRONG: readonly WrongManifest[] = [
  ...REFUSED,
  ...rows(
    'kind',
    KINDS.filter(([, , , , code]) => code === 'MANIFEST_API_DEPRECATED'),
  ),
  ...rows('policy', POLICY_ROWS),
  ...RELEASES,
];
