// Manifests that do not fit the schema of their kind.
import { formatPath } from '../path.ts';
import { GOOD, WIDGETS } from './good_objects.ts';
import { CONTAINER, JOB_POD, POD, REMOVED, type Row, type WrongManifest, rows } from './wrong_row.ts';

const {
  configMap,
  cronJob,
  deployment,
  ingress,
  networkPolicy,
  referringSecret,
  role,
  roleBinding,
  scaler,
  service,
  statefulSet,
  widget,
} = GOOD;

const UNKNOWN_FIELDS: readonly Row[] = [
  ['a field of a Deployment', deployment, ['spec', 'replica'], 2, 'MANIFEST_UNKNOWN_FIELD', "Write 'replicas'"],
  [
    'a field of a container',
    deployment,
    [...CONTAINER, 'imagePullpolicy'],
    'Always',
    'MANIFEST_UNKNOWN_FIELD',
    "'imagePullPolicy'",
  ],
  [
    'a field of a pod',
    deployment,
    [...POD, 'serviceAcountName'],
    'web',
    'MANIFEST_UNKNOWN_FIELD',
    "'serviceAccountName'",
  ],
  ['a field of metadata', service, ['metadata', 'label'], {}, 'MANIFEST_UNKNOWN_FIELD', "Write 'labels'"],
  ['a field of a Service', service, ['spec', 'port'], [], 'MANIFEST_UNKNOWN_FIELD', "Write 'ports'"],
  ['another case of a letter', configMap, ['Data'], {}, 'MANIFEST_UNKNOWN_FIELD', "Write 'data'"],
  ['a field of a StatefulSet', statefulSet, ['spec', 'strategy'], {}, 'MANIFEST_UNKNOWN_FIELD', "no field 'strategy'"],
  [
    'a field of a CronJob',
    cronJob,
    ['spec', 'jobTemplate', 'spec', 'backofLimit'],
    1,
    'MANIFEST_UNKNOWN_FIELD',
    "Write 'backoffLimit'",
  ],
  [
    'a field in lists of lists',
    ingress,
    ['spec', 'rules', 0, 'http', 'paths', 0, 'pathtype'],
    'Exact',
    'MANIFEST_UNKNOWN_FIELD',
    "Write 'pathType'",
  ],
  ['a field of an autoscaler', scaler, ['spec', 'minReplica'], 1, 'MANIFEST_UNKNOWN_FIELD', "Write 'minReplicas'"],
  [
    'a field of a NetworkPolicy',
    networkPolicy,
    ['spec', 'ingress', 0, 'form'],
    [],
    'MANIFEST_UNKNOWN_FIELD',
    "Write 'from'",
  ],
  ['a field of a custom kind', widget, ['spec', 'intervall'], '5s', 'MANIFEST_UNKNOWN_FIELD', "Write 'interval'"],
];

const MISPLACED: readonly Row[] = [
  [
    'a container beside the pod',
    deployment,
    ['spec', 'containers'],
    [],
    'MANIFEST_UNKNOWN_FIELD',
    'move it to spec.template.spec',
  ],
  [
    'a field of the container in the pod',
    cronJob,
    [...JOB_POD, 'image'],
    'web',
    'MANIFEST_UNKNOWN_FIELD',
    `move it to ${formatPath(JOB_POD)}.containers[]`,
  ],
];

const WRONG_TYPES: readonly Row[] = [
  ['a number in quotes', deployment, ['spec', 'replicas'], '2', 'MANIFEST_WRONG_TYPE', 'Write it without quotes'],
  [
    'a number in the environment',
    deployment,
    [...CONTAINER, 'env', 1, 'value'],
    8080,
    'MANIFEST_WRONG_TYPE',
    'Put it in quotes',
  ],
  [
    'a name as port',
    deployment,
    [...CONTAINER, 'ports', 0, 'containerPort'],
    'http',
    'MANIFEST_WRONG_TYPE',
    'a whole number',
  ],
  [
    'a label that is true',
    deployment,
    ['spec', 'template', 'metadata', 'labels', 'on'],
    true,
    'MANIFEST_WRONG_TYPE',
    'Put it in quotes',
  ],
  ['a number in a ConfigMap', configMap, ['data', 'level'], 3, 'MANIFEST_WRONG_TYPE', 'Put it in quotes'],
  [
    'a command in one text',
    deployment,
    [...CONTAINER, 'command'],
    '/web --fast',
    'MANIFEST_WRONG_TYPE',
    'expected a list',
  ],
  [
    'an object for a list',
    deployment,
    [...POD, 'volumes'],
    { name: 'x' },
    'MANIFEST_WRONG_TYPE',
    'Write a list, even of one',
  ],
  [
    'a list for an object',
    service,
    ['spec', 'selector'],
    ['app'],
    'MANIFEST_WRONG_TYPE',
    'Write an object instead of the list',
  ],
  [
    'a truth for a number or a text',
    deployment,
    [...CONTAINER, 'readinessProbe', 'httpGet', 'port'],
    true,
    'MANIFEST_WRONG_TYPE',
    'a whole number or a string',
  ],
  [
    'a word for a truth',
    deployment,
    [...CONTAINER, 'securityContext', 'readOnlyRootFilesystem'],
    'true',
    'MANIFEST_WRONG_TYPE',
    'Write it without quotes',
  ],
  ['a verb in no list', role, ['rules', 0, 'verbs'], 'get', 'MANIFEST_WRONG_TYPE', 'a list'],
  ['a text in a custom kind', widget, ['spec', 'size'], 'big', 'MANIFEST_WRONG_TYPE', 'the string "big"'],
  ['nothing in a custom kind', widget, ['spec', 'interval'], null, 'MANIFEST_WRONG_TYPE', 'got null'],
];

const MISSING_FIELDS: readonly Row[] = [
  ['the selector of a Deployment', deployment, ['spec', 'selector'], REMOVED, 'MANIFEST_MISSING_FIELD', 'an object'],
  ['the name of a container', deployment, [...CONTAINER, 'name'], REMOVED, 'MANIFEST_MISSING_FIELD', 'a string'],
  ['a field that is null', cronJob, ['spec', 'schedule'], null, 'MANIFEST_MISSING_FIELD', 'a string'],
  ['the port of a Service', service, ['spec', 'ports', 0, 'port'], REMOVED, 'MANIFEST_MISSING_FIELD', 'a whole number'],
  [
    'the kind of a path',
    ingress,
    ['spec', 'rules', 0, 'http', 'paths', 0, 'pathType'],
    REMOVED,
    'MANIFEST_MISSING_FIELD',
    'a string',
  ],
  ['the role of a binding', roleBinding, ['roleRef'], REMOVED, 'MANIFEST_MISSING_FIELD', 'an object'],
  ['the most replicas', scaler, ['spec', 'maxReplicas'], REMOVED, 'MANIFEST_MISSING_FIELD', 'a whole number'],
  ['the scope of a custom kind', WIDGETS, ['spec', 'scope'], REMOVED, 'MANIFEST_MISSING_FIELD', 'a string'],
  ['a field of a custom kind', widget, ['spec', 'size'], REMOVED, 'MANIFEST_MISSING_FIELD', 'a whole number'],
];

const INVALID_VALUES: readonly Row[] = [
  ['a restart policy', cronJob, [...JOB_POD, 'restartPolicy'], 'Nevr', 'MANIFEST_INVALID_VALUE', "Write 'Never'"],
  ['a protocol', service, ['spec', 'ports', 0, 'protocol'], 'HTTP', 'MANIFEST_INVALID_VALUE', 'SCTP, TCP, UDP'],
  [
    'a unit of memory',
    deployment,
    [...CONTAINER, 'resources', 'limits', 'memory'],
    '128MB',
    'MANIFEST_INVALID_VALUE',
    '128Mi',
  ],
  ['a number above 32 bits', deployment, ['spec', 'replicas'], 3_000_000_000, 'MANIFEST_INVALID_VALUE', '2147483647'],
  [
    'a secret in plain text',
    referringSecret,
    ['data', 'later'],
    'not base64!',
    'MANIFEST_INVALID_VALUE',
    'which is not shown',
  ],
  ['a size of a custom kind', widget, ['spec', 'size'], 11, 'MANIFEST_INVALID_VALUE', '<= 10'],
  ['a word of a custom kind', widget, ['spec', 'level'], 'hi', 'MANIFEST_INVALID_VALUE', "Write 'high'"],
  ['a duration of a custom kind', widget, ['spec', 'interval'], '5', 'MANIFEST_INVALID_VALUE', 'pattern'],
  ['a choice of a custom kind', widget, ['spec', 'source'], {}, 'MANIFEST_INVALID_VALUE', 'exactly one'],
];

const DUPLICATES: readonly Row[] = [
  [
    'a variable',
    deployment,
    [...CONTAINER, 'env', 2],
    { name: 'PORT', value: '1' },
    'MANIFEST_DUPLICATE_ITEM',
    'name "PORT" is that of item 1',
  ],
  [
    'a port, whose protocol is the usual one',
    deployment,
    [...CONTAINER, 'ports', 1],
    { containerPort: 8080, protocol: 'TCP' },
    'MANIFEST_DUPLICATE_ITEM',
    'item 0',
  ],
  ['a volume', deployment, [...POD, 'volumes', 1], { name: 'tmp', emptyDir: {} }, 'MANIFEST_DUPLICATE_ITEM', '"tmp"'],
  [
    'a port of a Service',
    service,
    ['spec', 'ports', 1],
    { name: 'b', port: 80 },
    'MANIFEST_DUPLICATE_ITEM',
    'port 80 and protocol "TCP"',
  ],
  [
    'an item of a set',
    deployment,
    ['metadata', 'finalizers'],
    ['example.com/a', 'example.com/a'],
    'MANIFEST_DUPLICATE_ITEM',
    'is that of item 0',
    ['metadata', 'finalizers', 1],
  ],
  ['a part of a custom kind', widget, ['spec', 'parts', 2], { name: 'a' }, 'MANIFEST_DUPLICATE_ITEM', '"a"'],
];

/** All of them. */
export const WRONG_SCHEMA: readonly WrongManifest[] = [
  ...rows('unknown field', UNKNOWN_FIELDS),
  ...rows('misplaced', MISPLACED),
  ...rows('wrong type', WRONG_TYPES),
  ...rows('missing field', MISSING_FIELDS),
  ...rows('invalid value', INVALID_VALUES),
  ...rows('twice', DUPLICATES),
];
