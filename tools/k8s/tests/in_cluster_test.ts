// `.image` as a Job of a real cluster, under a service account that has what `.rbac` prints, and nothing else.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { parseAllDocuments } from 'yaml';
import { runfile } from '../../lib/runfiles.ts';
import { readClusterState } from '../../lib/state.ts';
import { personalNamespace } from '../../lib/user.ts';
import type { Rule } from '../deploy/granted_rights.ts';
import { podsOf } from '../deploy/cause.ts';
import { type KubeClient, createClient } from '../kube/client.ts';
import { isNotFound } from '../kube/errors.ts';
import { findCluster } from '../kube/kubeconfig.ts';
import { type KubeObject, numberAt } from '../model/object.ts';

const SAMPLE = 'fathom/tools/k8s/tests/sample/myns-deep';
const env = { ...process.env, FATHOM_USER: `inside-${process.pid}` };
const namespace = personalNamespace({ env });
const namespaced = `/api/v1/namespaces/${namespace}`;
const roles = `/apis/rbac.authorization.k8s.io/v1/namespaces/${namespace}/roles`;
const deployments = `/apis/apps/v1/namespaces/${namespace}/deployments`;
const jobs = `/apis/batch/v1/namespaces/${namespace}/jobs`;
const clusterWide: string[] = [];
let client: KubeClient;
let image: string;

type Role = KubeObject & { readonly rules: readonly Rule[] };

async function verb(name: string, ...args: readonly string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(runfile(`${SAMPLE}.${name}`), args, { env, timeout: 240_000 });
  return stdout;
}

const send = (method: 'POST' | 'PUT' | 'DELETE', path: string, body?: unknown) =>
  client.request({ method, path, doing: 'Testing', ...(body === undefined ? {} : { body }) });
const get = async (path: string) => (await client.request({ method: 'GET', path, doing: 'Testing' })) as KubeObject;

before(async () => {
  const state = await readClusterState('fathom');
  if (state === undefined) throw new Error('no cluster is up in FATHOM_STATE: run this test through `./fathom test`');
  const search = { env, context: 'fathom-fathom', cluster: '', user: '', files: [state.kubeconfig] };
  client = createClient(await findCluster(search), { signal: AbortSignal.timeout(800_000) });
  // As an administrator gives it to a person.
  const labels = { 'fathom.internal/namespace': 'personal', 'fathom.internal/owner': namespace };
  await send('POST', '/api/v1/namespaces', {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name: namespace, labels },
  });
  const account = { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'deployer', namespace } };
  await send('POST', `${namespaced}/serviceaccounts`, account);
  image = (await verb('image')).trim();
  const documents = parseAllDocuments(await verb('rbac', '--subject', `serviceaccount:${namespace}/deployer`));
  assert.ok(Array.isArray(documents));
  for (const document of documents) {
    const object = document.toJS() as KubeObject;
    const isWide = object.metadata.namespace === undefined;
    const place = isWide ? '' : `/namespaces/${namespace}`;
    const path = `/apis/rbac.authorization.k8s.io/v1${place}/${object.kind.toLowerCase()}s`;
    await send('POST', path, object);
    if (isWide) clusterWide.push(`${path}/${object.metadata.name}`);
  }
});
after(async () => {
  for (const path of [...clusterWide, `/api/v1/namespaces/${namespace}`]) await send('DELETE', path);
  client.close();
});

/** Runs the image as a Job; whether it succeeded, and what it said. */
async function runJob(name: string): Promise<{ readonly isDone: boolean; readonly log: string }> {
  const container = { name: 'deploy', image, args: ['--timeout', '2m'] };
  const pod = { serviceAccountName: 'deployer', restartPolicy: 'Never', containers: [container] };
  const spec = { backoffLimit: 0, template: { spec: pod } };
  await send('POST', jobs, { apiVersion: 'batch/v1', kind: 'Job', metadata: { name, namespace }, spec });
  const deadlineMs = performance.now() + 180_000;
  for (;;) {
    const job: KubeObject = await get(`${jobs}/${name}`);
    const isDone = (numberAt(job, 'status', 'succeeded') ?? 0) > 0;
    const [made] = await podsOf(client, job);
    if (made !== undefined && (isDone || (numberAt(job, 'status', 'failed') ?? 0) > 0)) {
      const path = `${namespaced}/pods/${made.metadata.name}/log`;
      return { isDone, log: await client.requestText({ method: 'GET', path, accept: '*/*', doing: 'Testing' }) };
    }
    assert.ok(performance.now() < deadlineMs, `the Job ${name} has not ended: ${JSON.stringify(job['status'])}`);
    await sleep(300);
  }
}

test('a Job with just the rights that .rbac prints brings the stack up in its namespace', async () => {
  const { isDone, log } = await runJob('first');
  assert.ok(isDone, log);
  assert.match(log, /2 objects: 2 created/);
  assert.equal(numberAt(await get(`${deployments}/sample`), 'status', 'readyReplicas'), 1);
  const { address } = (await get(`${namespaced}/configmaps/sample`))['data'] as { readonly address: string };
  assert.equal(address, `sample.${namespace}.svc`);
});

test('the verbs of the machine find the stack as they would have made it', async () => {
  assert.equal((await verb('diff')).trim(), 'fathom: 0 differences');
});

test('with one rule taken away the Job ends with what is missing, in the words of RBAC', async () => {
  const name = 'fathom-deploy-tools-k8s-tests-sample';
  const role = (await get(`${roles}/${name}`)) as Role;
  const isMissing = ({ resources = [], verbs }: Rule) => resources.includes('deployments') && verbs.includes('patch');
  assert.equal(role.rules.filter(isMissing).length, 1);
  await send('PUT', `${roles}/${name}`, { ...role, rules: role.rules.filter((rule) => !isMissing(rule)) });
  const { isDone, log } = await runJob('second');
  assert.ok(!isDone, log);
  assert.match(log, /^error: K8S_FORBIDDEN: /m);
  const user = `system:serviceaccount:${namespace}:deployer`;
  const words = `User "${user}" cannot patch resource "deployments" in API group "apps" in the namespace "${namespace}"`;
  assert.ok(log.includes(words), log);
});

test('what the machine deletes is gone, the inventory that the Job wrote included', async () => {
  await verb('delete');
  for (const path of [`${deployments}/sample`, `${namespaced}/secrets/fathom-tools-k8s-tests-sample`]) {
    await assert.rejects(get(path), isNotFound);
  }
});
