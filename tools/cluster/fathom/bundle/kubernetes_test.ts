// What a bundle takes from a real API server: what troubles pods, and none of the values of Secrets.
import assert from 'node:assert/strict';
import { realpath, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { startApiServer, type ApiServer } from '../../../k8s/testing/apiserver.ts';
import { callsTo } from '../../../k8s/testing/calls.ts';
import { startLogNode, type LogNode } from '../../../k8s/testing/kubelet.ts';
import { Collection } from './collection.ts';
import { collectKubernetes, type Access } from './kubernetes.ts';

let server: ApiServer;
let node: LogNode;
let kubectl: readonly string[];
const { post, setStatus, makeNamespace } = callsTo(() => server);

const SECRET = 'Planted-secret.value-1';
const VARIABLE = 'planted-variable-2';

before(async () => {
  server = await startApiServer();
  node = await startLogNode(server, 'logs', (source, query, response) => {
    const which = query.get('previous') === 'true' ? 'before it ended' : 'now';
    response.end(`${source} says ${which}: ${SECRET} ${Buffer.from(SECRET).toString('base64')} password=planted-3\n`);
  });
  const program = join(server.folder, 'kubectl');
  await symlink(await realpath(join(server.folder, 'kube-apiserver')), program);
  kubectl = [program, `--kubeconfig=${server.kubeconfig}`, `--context=${server.context}`];
  await post('/api/v1/namespaces/default/secrets', {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 'redis-users' },
    stringData: { password: SECRET, note: `the first line\n${SECRET}` },
  });
  await makeNamespace('other');
  await makePod('default', 'well', 'True', 0);
  await makePod('default', 'crashing', 'False', 3);
  await makePod('other', 'elsewhere', 'False', 0);
});
after(async () => {
  await node.stop();
  await server.stop();
});

async function makePod(namespace: string, name: string, ready: 'True' | 'False', restartCount: number): Promise<void> {
  const path = `/api/v1/namespaces/${namespace}/pods`;
  const env = [
    { name: 'GREETING', value: VARIABLE },
    { name: 'PASSWORD', valueFrom: { secretKeyRef: { name: 'redis-users', key: 'password' } } },
  ];
  await post(path, {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name },
    spec: { nodeName: node.name, containers: [{ name: 'main', image: 'x', env }] },
  });
  await setStatus(`${path}/${name}`, {
    phase: 'Running',
    conditions: [{ type: 'Ready', status: ready }],
    containerStatuses: [
      { name: 'main', image: 'x', imageID: 'x', ready: ready === 'True', restartCount, state: { running: {} } },
    ],
  });
}

async function collected(access: Access): Promise<ReadonlyMap<string, string>> {
  const bundle = new Collection({ env: { HOME: server.folder }, signal: AbortSignal.timeout(120_000) });
  bundle.put('log', `a log that has ${SECRET}`);
  await collectKubernetes(bundle, access);
  return bundle.files();
}

test('describes the pods that are not well, with logs of containers that ended, and hides secrets in everything', async () => {
  const files = await collected({ kubectl, namespaces: 'all' });
  assert.equal(files.get('errors.txt'), 'Everything could be collected.\n');
  assert.match(files.get('kubernetes/pods.txt') ?? '', /^default +crashing .*\n[^]*^default +well /m);
  assert.match(files.get('kubernetes/nodes.txt') ?? '', /^logs /m);
  assert.match(files.get('kubernetes/version.txt') ?? '', /"gitVersion"/);
  const described = files.get('kubernetes/default/crashing/described.txt') ?? '';
  assert.match(described, /GREETING: +\*\*\*\n +PASSWORD: +<set to the key 'password' in secret 'redis-users'>/);
  const said = (which: string) => `default/crashing/main says ${which}: *** *** password=***\n`;
  assert.equal(files.get('kubernetes/default/crashing/main.log'), said('now'));
  assert.equal(files.get('kubernetes/default/crashing/main.previous.log'), said('before it ended'));
  assert.equal(files.get('log'), 'a log that has ***');
  assert.deepEqual(
    [...files.keys()].filter((path) => /well|elsewhere\/main\.previous/.test(path)),
    [],
  );
  assert.doesNotMatch([...files.values()].join('\n'), /planted/i);
});

test('takes from a cluster of others only the namespaces that it is told', async () => {
  const files = await collected({ kubectl, namespaces: ['other'] });
  assert.match(files.get('kubernetes/other/pods.txt') ?? '', /elsewhere/);
  assert.ok(files.has('kubernetes/other/elsewhere/described.txt'));
  assert.doesNotMatch([...files].flat().join('\n'), /crashing|nodes\.txt/);
});

test('notes once that an API server does not answer, or gives no right', async () => {
  const nowhere = await collected({ kubectl: [...kubectl, '--server=https://127.0.0.1:1'], namespaces: 'all' });
  assert.deepEqual([...nowhere.keys()], ['log', 'errors.txt']);
  assert.match(nowhere.get('errors.txt') ?? '', /^kubernetes: the API server does not answer: .*refused.*\n$/);
  const nobody = [...kubectl.slice(0, 2), '--context=nobody'];
  const files = await collected({ kubectl: nobody, namespaces: 'all' });
  assert.match(files.get('errors.txt') ?? '', /^hiding the values of Secrets: .*forbidden/m);
});
