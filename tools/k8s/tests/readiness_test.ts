// Readiness, kind by kind.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { KubeObject } from '../model/object.ts';
import { statusOf } from '../readiness/readiness.ts';

const object = (apiVersion: string, kind: string, rest: object, metadata: object = {}): KubeObject => ({
  apiVersion,
  kind,
  metadata: { name: 'x', namespace: 'y', ...metadata },
  ...rest,
});
const deployment = (status: object, spec: object = { replicas: 2 }, generation = 1) =>
  object('apps/v1', 'Deployment', { spec, status }, { generation });
const statefulSet = (status: object, spec: object = { replicas: 2 }) =>
  object('apps/v1', 'StatefulSet', { spec, status: { observedGeneration: 1, ...status } }, { generation: 1 });
const pod = (status: object) => object('v1', 'Pod', { status });
const condition = (type: string, status: string, reason = '', message = '') => ({
  conditions: [{ type, status, reason, message }],
});
const all = { observedGeneration: 1, replicas: 2, updatedReplicas: 2, readyReplicas: 2, availableReplicas: 2 };

const waitFor = (value: string) => ({ generation: 2, annotations: { 'fathom.internal/wait-for': value } });
const custom = (value: string, status: object) => object('e.com/v1', 'W', { status }, waitFor(value));
const available = (status: string, observedGeneration = 2) => ({
  conditions: [{ type: 'Available', status, reason: 'Starting', message: 'soon', observedGeneration }],
});

const CASES: readonly (readonly [string, KubeObject, string, RegExp?])[] = [
  ['a Deployment with all replicas', deployment(all), 'current'],
  ['a Deployment that nobody has seen', deployment({}), 'progressing', /not seen/],
  ['a Deployment whose change is not seen', deployment(all, { replicas: 2 }, 2), 'progressing', /not seen the change/],
  ['a Deployment with old replicas', deployment({ ...all, replicas: 3 }), 'progressing', /1 old/],
  ['a Deployment with one replica ready', deployment({ ...all, availableReplicas: 1 }), 'progressing', /1 of 2/],
  ['a Deployment being rolled', deployment({ ...all, updatedReplicas: 1 }), 'progressing', /1 of 2 replicas updated/],
  [
    'a Deployment whose pods a quota refuses',
    deployment({ ...all, ...condition('ReplicaFailure', 'True', 'FailedCreate', 'exceeded quota: small') }),
    'progressing',
    /FailedCreate: exceeded quota: small/,
  ],
  ['a Deployment of none', deployment({ observedGeneration: 1 }, { replicas: 0 }), 'current'],
  [
    'a Deployment past its deadline',
    deployment({ ...all, ...condition('Progressing', 'False', 'ProgressDeadlineExceeded', 'too slow') }),
    'failed',
    /too slow/,
  ],
  [
    'a StatefulSet with all',
    statefulSet({ readyReplicas: 2, replicas: 2, currentRevision: 'a', updateRevision: 'a' }),
    'current',
  ],
  ['a StatefulSet with one', statefulSet({ readyReplicas: 1, replicas: 2 }), 'progressing', /1 of 2/],
  [
    'a StatefulSet that was not ready for long',
    statefulSet({ ...all, availableReplicas: 1 }, { replicas: 2, minReadySeconds: 3 }),
    'progressing',
    /1 of 2 replicas ready for 3 s/,
  ],
  ['a StatefulSet that was ready for long', statefulSet(all, { replicas: 2, minReadySeconds: 3 }), 'current'],
  [
    'a StatefulSet being rolled',
    statefulSet({ readyReplicas: 2, replicas: 2, updatedReplicas: 1, currentRevision: 'a', updateRevision: 'b' }),
    'progressing',
    /1 of 2 replicas updated/,
  ],
  ['a StatefulSet rolled by hand', statefulSet({}, { updateStrategy: { type: 'OnDelete' } }), 'current'],
  [
    'a DaemonSet with a node left',
    object('apps/v1', 'DaemonSet', {
      status: {
        observedGeneration: 1,
        desiredNumberScheduled: 2,
        currentNumberScheduled: 2,
        updatedNumberScheduled: 2,
        numberAvailable: 1,
      },
    }),
    'progressing',
    /1 of 2 pods available/,
  ],
  ['a Job that is done', object('batch/v1', 'Job', { status: condition('Complete', 'True') }), 'current'],
  [
    'a Job that failed',
    object('batch/v1', 'Job', { status: condition('Failed', 'True', 'BackoffLimitExceeded') }),
    'failed',
    /Backoff/,
  ],
  ['a Job that runs', object('batch/v1', 'Job', { status: { active: 1 } }), 'progressing', /0 of 1/],
  ['a Pod that is ready', pod({ phase: 'Running', ...condition('Ready', 'True') }), 'current'],
  ['a Pod that is done', pod({ phase: 'Succeeded' }), 'current'],
  [
    'a Pod that cannot be scheduled',
    pod({ phase: 'Pending', ...condition('PodScheduled', 'False', 'Unschedulable', '0/1 nodes') }),
    'progressing',
    /0\/1 nodes/,
  ],
  [
    'a Pod that crashes',
    pod({
      phase: 'Running',
      containerStatuses: [
        {
          name: 'web',
          state: { waiting: { reason: 'CrashLoopBackOff' } },
          lastState: { terminated: { exitCode: 3, reason: 'Error' } },
        },
      ],
    }),
    'progressing',
    /web: CrashLoopBackOff \(exit code 3, Error\)/,
  ],
  [
    'a Pod without its image',
    pod({
      phase: 'Pending',
      containerStatuses: [{ name: 'web', state: { waiting: { reason: 'ErrImagePull', message: 'not found' } } }],
    }),
    'progressing',
    /ErrImagePull: not found/,
  ],
  [
    'a Pod whose image has a name that is none',
    pod({
      phase: 'Pending',
      containerStatuses: [{ name: 'web', state: { waiting: { reason: 'InvalidImageName', message: 'A/B' } } }],
    }),
    'failed',
    /container web: InvalidImageName: A\/B/,
  ],
  ['a bound claim', object('v1', 'PersistentVolumeClaim', { status: { phase: 'Bound' } }), 'current'],
  ['a pending claim', object('v1', 'PersistentVolumeClaim', { status: { phase: 'Pending' } }), 'progressing'],
  ['a lost claim', object('v1', 'PersistentVolumeClaim', { status: { phase: 'Lost' } }), 'failed'],
  ['a Service', object('v1', 'Service', { spec: { type: 'ClusterIP' } }), 'current'],
  [
    'an established CRD',
    object('apiextensions.k8s.io/v1', 'CustomResourceDefinition', { status: condition('Established', 'True') }),
    'current',
  ],
  [
    'a CRD whose names are taken',
    object('apiextensions.k8s.io/v1', 'CustomResourceDefinition', { status: condition('NamesAccepted', 'False') }),
    'failed',
  ],
  ['a Namespace that ends', object('v1', 'Namespace', { status: { phase: 'Terminating' } }), 'terminating'],
  ['a ConfigMap', object('v1', 'ConfigMap', {}), 'current'],
  ['a custom resource that is ready', object('e.com/v1', 'W', { status: condition('Ready', 'True') }), 'current'],
  [
    'a custom resource that is not',
    object('e.com/v1', 'W', { status: condition('Ready', 'False', 'Waiting') }),
    'progressing',
    /Waiting/,
  ],
  [
    'a custom resource that is stalled',
    object('e.com/v1', 'W', { status: condition('Stalled', 'True', 'Bad') }),
    'failed',
  ],
  ['what waits for a condition that it has', custom('condition=Available', available('True')), 'current'],
  [
    'what waits for a condition that is not there',
    custom('condition=Available', {}),
    'progressing',
    /^no condition Available yet$/,
  ],
  [
    'what waits for a condition that is of before its change',
    custom('condition=available', available('True', 1)),
    'progressing',
    /of before the change/,
  ],
  [
    'what waits for a condition that says no',
    custom('condition=Available', available('False')),
    'progressing',
    /^Available is False \(Starting: soon\)$/,
  ],
  ['what waits for a condition to say no', custom('condition=Available=False', available('False')), 'current'],
  ['what waits for a field that it has', custom('jsonpath={.status.phase}=Running', { phase: 'Running' }), 'current'],
  [
    'what waits for a field that is something else',
    custom('jsonpath={.status.phase}=Running', { phase: 'Pending' }),
    'progressing',
    /^status\.phase is 'Pending'$/,
  ],
  ['what waits for any address', custom('jsonpath={.status.ingress[0].ip}', { ingress: [{ ip: '::1' }] }), 'current'],
  [
    'what waits for any address and has none',
    custom('jsonpath={.status.ingress[0].ip}', { ingress: [] }),
    'progressing',
    /^status\.ingress\.0\.ip is not there yet$/,
  ],
  [
    'what waits for a condition, and has failed',
    object('batch/v1', 'Job', { status: condition('Failed', 'True', 'Late') }, waitFor('condition=Done')),
    'failed',
  ],
  [
    'an object that is being deleted',
    object('v1', 'ConfigMap', {}, { deletionTimestamp: 'now', finalizers: ['a/b'] }),
    'terminating',
    /a\/b/,
  ],
];

for (const [what, live, state, message] of CASES) {
  test(`${what} is ${state}`, () => {
    const status = statusOf(live);
    assert.equal(status.state, state);
    if (message !== undefined) assert.match(status.message, message);
  });
}
