// NetworkPolicies on a node's network, for real: what connects is what the API's documentation says. Needs root.
// FATHOM_POLICY_ROUNDS sets how many random sets of policies are tried; FATHOM_SEED repeats them.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { runfile } from '../../lib/runfiles.ts';
import { chooseSeed, createRandom, roundsOf } from '../../lib/testing/random.ts';
import { compile } from '../policy/compile.ts';
import type { ClusterView, NetworkPolicy, Pod } from '../policy/model.ts';
import { nftScript } from '../policy/nft.ts';
import { type Lab, PORTS, startLab } from '../policy/testing/lab.ts';
import { randomPolicies } from '../policy/testing/random_policies.ts';
import { type Call, type End, mayEnter, mayLeave } from '../policy/testing/semantics.ts';

const NODE = 'node-1';
const pod = (namespace: string, name: string, number: number, labels: Pod['labels'], node = NODE): Pod => ({
  ...{ namespace, name, labels, node, address: node === NODE ? `10.98.1.${number}` : `10.98.0.${number}` },
  ports: [
    { name: 'web', protocol: 'TCP', port: number % 2 === 0 ? 8080 : 8081 },
    { name: 'metrics', protocol: 'TCP', port: 9090 },
    { name: 'web', protocol: 'UDP', port: 8080 },
  ],
});

const PODS = [
  pod('shop', 'web', 2, { app: 'a', tier: 'a' }),
  pod('shop', 'store', 3, { app: 'b' }),
  pod('shop', 'job', 4, {}),
  pod('bank', 'web', 5, { app: 'a' }),
  pod('bank', 'far', 20, { app: 'c', tier: 'b' }, 'node-2'),
];
const OUTSIDE = { name: 'outside', address: '10.98.0.10' };
const NAMESPACES = new Map([
  ['shop', { app: 'a', tier: 'b' }],
  ['bank', { app: 'b' }],
]);
const nameOf = (end: End) => ('name' in end ? `${end.namespace}/${end.name}` : OUTSIDE.name);
const ENDS: readonly End[] = [...PODS, { address: OUTSIDE.address }];
const isHere = (end: End) => 'node' in end && end.node === NODE;

let lab: Lab;
before(async () => {
  const machines = ENDS.map((end) => ({ name: nameOf(end), address: end.address, isPod: isHere(end) }));
  lab = await startLab(runfile('fathom/tools/cluster/policy_probe'), machines);
});
after(() => lab.stop());

/** Tries every call of which one end is a pod of the node: rules of the other node are that node's business. */
async function tryAll(policies: readonly NetworkPolicy[]) {
  const view: ClusterView = { pods: PODS, namespaces: NAMESPACES, policies };
  await lab.load(nftScript(compile(view, NODE)));
  const calls = ENDS.flatMap((from) =>
    ENDS.filter((to) => (isHere(from) || isHere(to)) && from !== to).flatMap((to) =>
      PORTS.flatMap((port) => (['TCP', 'UDP'] as const).map((protocol): Call => ({ from, to, protocol, port }))),
    ),
  );
  const isExpected = (call: Call) =>
    (!isHere(call.from) || mayLeave(view, call)) && (!isHere(call.to) || mayEnter(view, call));
  const results = await Promise.all(
    calls.map(async (call) => {
      const { from, to, protocol, port } = call;
      const connects = await lab.connects(nameOf(from), nameOf(to), protocol, port);
      return {
        text: `${nameOf(from)} → ${nameOf(to)} ${protocol} ${port}: ${connects}`,
        connects,
        isRight: connects === isExpected(call),
      };
    }),
  );
  return {
    wrong: results.filter(({ isRight }) => !isRight).map(({ text }) => text),
    open: results.filter(({ connects }) => connects).length,
    refused: results.filter(({ connects }) => !connects).length,
  };
}

const policy = (fields: Partial<NetworkPolicy>): NetworkPolicy => ({
  ...{ namespace: 'shop', name: 'p', podSelector: {}, policyTypes: ['Ingress'], ingress: [], egress: [] },
  ...fields,
});
const connects = (from: string, to: string, port: number) => lab.connects(from, to, 'TCP', port);

test('without policies everybody reaches everybody', async () => {
  const { wrong, open, refused } = await tryAll([]);
  assert.deepEqual({ wrong, refused }, { wrong: [], refused: 0 });
  assert.ok(open > 100);
});

test('a pod that a policy isolates hears only those that the policy names, and the node itself', async () => {
  const ingress = [{ from: [{ podSelector: { matchLabels: { app: 'b' } } }], ports: [{ port: 'web' }] }];
  const { wrong, refused } = await tryAll([policy({ podSelector: { matchLabels: { app: 'a' } }, ingress })]);
  assert.deepEqual(wrong, []);
  assert.ok(refused > 0);
  assert.equal(await connects('shop/store', 'shop/web', 8080), true);
  assert.equal(await connects('shop/store', 'shop/web', 9090), false);
  assert.equal(await connects('shop/job', 'shop/web', 8080), false);
  assert.equal(await connects('outside', 'shop/web', 8080), false);
  await lab.fromNode(`</dev/tcp/${PODS[0]?.address}/8080`);
});

test('a refused call fails at once', async () => {
  await tryAll([policy({})]);
  const startMs = performance.now();
  assert.equal(await connects('shop/store', 'shop/web', 8080), false);
  assert.ok(performance.now() - startMs < 1000, 'it waited for an answer that never came');
});

test('when the policies are gone everything is open again', async () => {
  assert.ok((await tryAll([policy({})])).refused > 0);
  assert.equal((await tryAll([])).refused, 0);
});

describe('policies by chance', () => {
  const random = createRandom(chooseSeed());
  for (let round = 0; round < roundsOf('FATHOM_POLICY_ROUNDS', 6); round++) {
    test(`do what the documentation says, round ${round}`, async () => {
      const policies = randomPolicies(random, [...NAMESPACES.keys()], 1 + Math.floor(random() * 5));
      const { wrong } = await tryAll(policies);
      assert.deepEqual(wrong, [], JSON.stringify(policies));
    });
  }
});
