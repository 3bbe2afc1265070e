// The default StorageClass: folders of the node, made and deleted by local-path-provisioner.
import {
  MOVES_SOON,
  addonLabels,
  imageAnnotations,
  type AddonImage,
  type AddonOptions,
  type AnyObject,
} from './addon.ts';

const NAME = 'local-path-provisioner';
const NAMESPACE = 'local-path-storage';
/** Where volumes are on a node (tools/cluster/embedded/node.ts binds it to the state folder). */
const VOLUMES = '/var/lib/local-path';

const SETUP = '#!/bin/sh\nset -eu\nmkdir -m 0777 -p "$VOL_DIR"\n';
const TEARDOWN = '#!/bin/sh\nset -eu\nrm -rf "$VOL_DIR"\n';

/** The objects of the provisioner and its StorageClass. */
export function localPathObjects({ images }: AddonOptions): readonly AnyObject[] {
  const labels = addonLabels(NAME);
  const metadata = { name: NAME, namespace: NAMESPACE, labels };
  const subjects = [{ kind: 'ServiceAccount', name: NAME, namespace: NAMESPACE }];
  const rbac = 'rbac.authorization.k8s.io';
  return [
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: NAMESPACE, labels } },
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata },
    { apiVersion: `${rbac}/v1`, kind: 'ClusterRole', metadata: { name: NAME, labels }, rules: clusterRules() },
    {
      apiVersion: `${rbac}/v1`,
      kind: 'ClusterRoleBinding',
      metadata: { name: NAME, labels },
      roleRef: { apiGroup: rbac, kind: 'ClusterRole', name: NAME },
      subjects,
    },
    {
      apiVersion: `${rbac}/v1`,
      kind: 'Role',
      metadata,
      rules: [
        { apiGroups: [''], resources: ['pods', 'pods/log'], verbs: ['get', 'list', 'watch', 'create', 'delete'] },
      ],
    },
    {
      apiVersion: `${rbac}/v1`,
      kind: 'RoleBinding',
      metadata,
      roleRef: { apiGroup: rbac, kind: 'Role', name: NAME },
      subjects,
    },
    {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata,
      data: {
        'config.json': JSON.stringify({
          nodePathMap: [{ node: 'DEFAULT_PATH_FOR_NON_LISTED_NODES', paths: [VOLUMES] }],
        }),
        setup: SETUP,
        teardown: TEARDOWN,
        'helperPod.yaml': JSON.stringify(helperPod(images.helper.reference)),
      },
    },
    deployment(images.localPathProvisioner, labels),
    {
      apiVersion: 'storage.k8s.io/v1',
      kind: 'StorageClass',
      metadata: { name: 'local-path', labels, annotations: { 'storageclass.kubernetes.io/is-default-class': 'true' } },
      provisioner: 'rancher.io/local-path',
      volumeBindingMode: 'WaitForFirstConsumer',
      reclaimPolicy: 'Delete',
    },
  ];
}

function clusterRules(): readonly unknown[] {
  const read = ['get', 'list', 'watch'];
  return [
    { apiGroups: [''], resources: ['nodes', 'persistentvolumeclaims', 'configmaps', 'pods', 'pods/log'], verbs: read },
    { apiGroups: [''], resources: ['persistentvolumes'], verbs: [...read, 'create', 'patch', 'update', 'delete'] },
    { apiGroups: [''], resources: ['events'], verbs: ['create', 'patch'] },
    { apiGroups: ['storage.k8s.io'], resources: ['storageclasses'], verbs: read },
  ];
}

/** The pod that makes or deletes one folder; the provisioner adds its volume and script. */
function helperPod(image: string): unknown {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'helper-pod' },
    spec: {
      tolerations: [{ operator: 'Exists' }],
      terminationGracePeriodSeconds: 0,
      containers: [{ name: 'helper-pod', image, imagePullPolicy: 'IfNotPresent', securityContext: { runAsUser: 0 } }],
    },
  };
}

function deployment(image: AddonImage, labels: Readonly<Record<string, string>>): AnyObject {
  const field = (fieldPath: string) => ({ valueFrom: { fieldRef: { fieldPath } } });
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: NAME, namespace: NAMESPACE, labels },
    spec: {
      replicas: 1,
      selector: { matchLabels: { 'app.kubernetes.io/name': NAME } },
      template: {
        metadata: { labels, annotations: imageAnnotations(image) },
        spec: {
          serviceAccountName: NAME,
          tolerations: MOVES_SOON,
          containers: [
            {
              name: NAME,
              image: image.reference,
              imagePullPolicy: 'IfNotPresent',
              args: [
                'start',
                '--config=/etc/config/config.json',
                `--configmap-name=${NAME}`,
                `--service-account-name=${NAME}`,
              ],
              env: [
                { name: 'POD_NAMESPACE', ...field('metadata.namespace') },
                { name: 'CONFIG_MOUNT_PATH', value: '/etc/config/' },
              ],
              resources: { requests: { cpu: '10m', memory: '30Mi' }, limits: { memory: '128Mi' } },
              volumeMounts: [{ name: 'config', mountPath: '/etc/config', readOnly: true }],
            },
          ],
          volumes: [{ name: 'config', configMap: { name: NAME } }],
        },
      },
    },
  };
}
