import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inspect } from 'node:util';
import { ownKubeconfig } from './own_kubeconfig.ts';

const K3D = `---
apiVersion: v1
clusters:
- cluster:
    certificate-authority-data: Y2E=
    server: https://127.0.0.1:6550
  name: k3d-fathom
contexts:
- context:
    cluster: k3d-fathom
    user: admin@k3d-fathom
  name: k3d-fathom
current-context: k3d-fathom
kind: Config
preferences: {}
users:
- name: admin@k3d-fathom
  user:
    client-certificate-data: Y2VydA==
    client-key-data: a2V5
`;

const from = { name: 'fathom-fathom', file: '/k/config', folder: '/k' };

test('takes the current context, under our name', () => {
  assert.deepEqual(JSON.parse(ownKubeconfig(K3D, from)), {
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'fathom-fathom',
    clusters: [
      { name: 'fathom-fathom', cluster: { 'certificate-authority-data': 'Y2E=', server: 'https://127.0.0.1:6550' } },
    ],
    users: [{ name: 'fathom-fathom', user: { 'client-certificate-data': 'Y2VydA==', 'client-key-data': 'a2V5' } }],
    contexts: [{ name: 'fathom-fathom', context: { cluster: 'fathom-fathom', user: 'fathom-fathom' } }],
  });
});

test('takes nothing of other contexts, and keeps paths leading where they led', () => {
  const config = {
    'current-context': 'other',
    clusters: [
      { name: 'a', cluster: { server: 'https://a', 'certificate-authority': 'ca.pem' } },
      { name: 'b', cluster: { server: 'https://b' } },
    ],
    users: [
      {
        name: 'a',
        user: {
          'client-certificate': '/abs/c.pem',
          'client-key': '../key.pem',
          exec: { command: './login', args: ['./x'] },
        },
      },
      { name: 'b', user: { token: 'other-secret' } },
    ],
    contexts: [
      { name: 'mine', context: { cluster: 'a', user: 'a', namespace: 'n' } },
      { name: 'other', context: { cluster: 'b', user: 'b' } },
    ],
  };
  const own = ownKubeconfig(JSON.stringify(config), { ...from, context: 'mine' });
  assert.doesNotMatch(own, /other/);
  const { clusters, users } = JSON.parse(own) as { clusters: [{ cluster: object }]; users: [{ user: object }] };
  assert.deepEqual(clusters[0].cluster, { server: 'https://a', 'certificate-authority': '/k/ca.pem' });
  assert.deepEqual(users[0].user, {
    'client-certificate': '/abs/c.pem',
    'client-key': '/key.pem',
    exec: { command: '/k/login', args: ['./x'] },
  });
});

test('a plugin that is found on PATH stays so, and a context needs no user', () => {
  const user = { exec: { command: 'cloud-login' } };
  const config = { clusters: [{ name: 'a', cluster: { server: 's' } }], users: [{ name: 'u', user }] };
  const contexts = [
    { name: 'x', context: { cluster: 'a', user: 'u' } },
    { name: 'y', context: { cluster: 'a' } },
  ];
  const read = (context: string) =>
    (
      JSON.parse(ownKubeconfig(JSON.stringify({ ...config, contexts }), { ...from, context })) as {
        users: [{ user: object }];
      }
    ).users[0].user;
  assert.deepEqual(read('x'), user);
  assert.deepEqual(read('y'), {});
});

test('quotes nothing of a kubeconfig that is no YAML', () => {
  assert.throws(
    () => ownKubeconfig(K3D.replace('  user:\n', '  user:\n   token: hunter2-hunter2\n'), from),
    (error: unknown) => !inspect(error).includes('hunter2'),
  );
});

test('says what a kubeconfig lacks', () => {
  for (const [text, problem] of [
    ['', "it has no context 'undefined'"],
    ['[', 'it is no YAML: line 1, column 2: MISSING_CHAR'],
    [K3D.replace('name: admin@k3d-fathom\n  user', 'name: someone\n  user'), "it has no user 'admin@k3d-fathom'"],
    [K3D.replace('current-context: k3d-fathom', 'current-context: gone'), "it has no context 'gone'"],
  ] as const) {
    assert.throws(
      () => ownKubeconfig(text, from),
      ({ code, message }: { code: string; message: string }) =>
        code === 'CLUSTER_KUBECONFIG' && message.includes(problem),
    );
  }
});
