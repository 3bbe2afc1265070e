import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { compile } from './compile.ts';
import { type ClusterView, type LabelSelector, type NetworkPolicy, type Pod, selects } from './model.ts';
import { nftScript } from './nft.ts';
import { merged, portsOf } from './ports.ts';
import { readPod, readPolicy } from './read.ts';

const pod = (name: string, address: string, ports: Pod['ports'] = []): Pod => ({
  ...{ namespace: 'shop', name, labels: { app: name }, address, node: 'node-1', ports },
});
const policy = (fields: Partial<NetworkPolicy>): NetworkPolicy => ({
  ...{ namespace: 'shop', name: 'p', podSelector: {}, policyTypes: ['Ingress'], ingress: [], egress: [] },
  ...fields,
});
const view = (pods: readonly Pod[], ...policies: readonly NetworkPolicy[]): ClusterView => ({
  pods,
  policies,
  namespaces: new Map([['shop', {}]]),
});

describe('a label selector', () => {
  const has = (operator: string, ...values: string[]): LabelSelector => ({
    matchExpressions: [{ key: 'app', operator, values }],
  });
  const rows: readonly (readonly [string, LabelSelector, boolean, boolean])[] = [
    // Of labels { app: 'a' }, and of none.
    ['without terms takes all', {}, true, true],
    ['takes a label with its value', { matchLabels: { app: 'a' } }, true, false],
    ['takes no label with another value', { matchLabels: { app: 'b' } }, false, false],
    ['In wants one of the values', has('In', 'a', 'b'), true, false],
    ['NotIn takes what lacks the label', has('NotIn', 'a'), false, true],
    ['Exists takes any value', has('Exists'), true, false],
    ['DoesNotExist takes what lacks it', has('DoesNotExist'), false, true],
    ['with an operator that nobody knows takes nothing', has('Near', 'a'), false, false],
    ['wants all of its terms', { matchLabels: { app: 'a' }, ...has('DoesNotExist') }, false, false],
  ];
  for (const [name, selector, labelled, bare] of rows) {
    test(name, () => assert.deepEqual([selects(selector, { app: 'a' }), selects(selector, {})], [labelled, bare]));
  }
});

describe('ports', () => {
  test('that touch or meet become one range', () =>
    assert.deepEqual(
      merged([
        [90, 95],
        [80, 80],
        [81, 85],
        [84, 84],
      ]),
      [
        [80, 85],
        [90, 95],
      ],
    ));
  test('without a number are all of the protocol, and none at all are everything', () => {
    assert.deepEqual(portsOf([{ protocol: 'UDP' }], undefined), new Map([['UDP', [[0, 65_535]]]]));
    assert.equal(portsOf([], undefined), undefined);
  });
  test('with a name are those of the pod, of the same protocol', () => {
    const ports = [
      { name: 'web', protocol: 'TCP' as const, port: 80 },
      { name: 'web', protocol: 'UDP' as const, port: 81 },
    ];
    assert.deepEqual(portsOf([{ port: 'web' }], { ports }), new Map([['TCP', [[80, 80]]]]));
    assert.deepEqual(portsOf([{ port: 'web' }], undefined), new Map());
  });
});

describe('rules', () => {
  test('are none where nobody is isolated, and then only what was there goes', () => {
    const rules = compile(view([pod('a', '10.0.0.1')]), 'node-1');
    assert.equal(nftScript(rules), 'table ip fathom_policy\ndelete table ip fathom_policy\n');
  });
  test('are about pods of the own node alone', () => {
    const far = { ...pod('far', '10.0.1.1'), node: 'node-2' };
    const { ingress } = compile(view([pod('a', '10.0.0.1'), far], policy({})), 'node-1');
    assert.deepEqual(
      ingress.map((one) => one.pod.name),
      ['a'],
    );
  });
  test('of pods that are alike are one chain', () => {
    const script = nftScript(compile(view([pod('a', '10.0.0.1'), pod('b', '10.0.0.2')], policy({})), 'node-1'));
    assert.equal(script.match(/chain in_/g)?.length, 1);
    assert.match(script, /ip daddr vmap \{ 10\.0\.0\.1 : jump (in_[0-9a-f]+), 10\.0\.0\.2 : jump \1 \}/);
  });
  test('leave addresses of IPv6 out, since pods have none', () => {
    const ingress = [{ from: [{ ipBlock: { cidr: '2001:db8::/32' } }] }];
    assert.doesNotMatch(nftScript(compile(view([pod('a', '10.0.0.1')], policy({ ingress })), 'node-1')), /2001/);
  });
  test('let a caller reach the number that each called pod has for the name of a port', () => {
    const web = (port: number) => [{ name: 'web', protocol: 'TCP' as const, port }];
    const pods = [pod('a', '10.0.0.1'), pod('b', '10.0.0.2', web(80)), pod('c', '10.0.0.3', web(8080))];
    const egress = [{ to: [{ podSelector: {} }], ports: [{ port: 'web' }] }];
    const only = policy({ podSelector: { matchLabels: { app: 'a' } }, policyTypes: ['Egress'], egress });
    const script = nftScript(compile(view(pods, only), 'node-1'));
    assert.match(script, /ip daddr \{ 10\.0\.0\.2 \} tcp dport \{ 80 \} return/);
    assert.match(script, /ip daddr \{ 10\.0\.0\.3 \} tcp dport \{ 8080 \} return/);
    assert.doesNotMatch(script, /ip daddr \{ [^}]*\} return/);
  });
  test('know the name of a port of a pod in a block of addresses, and of none that the block leaves out', () => {
    const web = [{ name: 'web', protocol: 'TCP' as const, port: 80 }];
    const pods = [
      pod('a', '10.0.0.1'),
      pod('b', '10.0.0.2', web),
      pod('c', '10.0.0.3', web),
      pod('d', '10.0.1.4', web),
    ];
    const to = [{ ipBlock: { cidr: '10.0.0.0/24', except: ['10.0.0.3/32', '2001:db8::/32'] } }];
    const egress = [{ to, ports: [{ port: 'web' }] }];
    const only = policy({ podSelector: { matchLabels: { app: 'a' } }, policyTypes: ['Egress'], egress });
    const script = nftScript(compile(view(pods, only), 'node-1'));
    assert.match(script, /ip daddr \{ 10\.0\.0\.2 \} tcp dport \{ 80 \} return/);
    assert.doesNotMatch(script, /10\.0\.0\.3 \}|10\.0\.1\.4/);
  });
});

describe('reading', () => {
  const object = (spec: object, status: object) => ({
    ...{ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'a', namespace: 'shop' } },
    ...{ spec, status },
  });
  const running = { phase: 'Running', podIPs: [{ ip: 'fd00::1' }, { ip: '10.0.0.1' }] };
  test('takes the IPv4 address of a pod that runs', () =>
    assert.equal(readPod(object({ nodeName: 'n' }, running))?.address, '10.0.0.1'));
  for (const [name, spec, status] of [
    ['on the network of its node', { hostNetwork: true }, running],
    ['that is over', {}, { ...running, phase: 'Succeeded' }],
    ['without an address', {}, { phase: 'Pending' }],
  ] as const) {
    test(`leaves a pod out ${name}`, () => assert.equal(readPod(object(spec, status)), undefined));
  }
  test('takes a policy that says nothing but whom it is about', () => {
    const spec = { podSelector: {}, policyTypes: ['Ingress'] };
    const read = readPolicy({
      apiVersion: 'networking.k8s.io/v1',
      kind: 'NetworkPolicy',
      metadata: { name: 'p', namespace: 'shop' },
      spec,
    });
    assert.deepEqual(read, policy({}));
  });
});
