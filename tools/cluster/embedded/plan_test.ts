import assert from 'node:assert/strict';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { addresses, linkPrefix, macOf, makePlan, readPlan, writePlan } from './plan.ts';
import { CANDIDATES, firstFree, formatSubnet, overlaps, parseSubnet, type Subnet } from './subnets.ts';
import { rangeBeside, usedSubnets } from './host.ts';

function subnet(text: string): Subnet {
  const parsed = parseSubnet(text);
  assert.ok(parsed !== undefined, text);
  return parsed;
}

const plan = makePlan({ name: 'x', folder: '/s/x', range: subnet('10.201.0.0/16'), registryPort: 4000, nodes: 2 });

test('reads subnets and clears their host bits', () => {
  assert.equal(formatSubnet(subnet('10.201.7.9/16')), '10.201.0.0/16');
  assert.equal(formatSubnet(subnet('192.0.2.2')), '192.0.2.2/32');
  for (const text of ['', 'default', '10.0.0.256', '10.0.0.0/33', 'fe80::/64', '10.0.0']) {
    assert.equal(parseSubnet(text), undefined, text);
  }
});

test('knows which ranges meet', () => {
  const cases: readonly [string, string, boolean][] = [
    ['10.0.0.0/8', '10.201.0.0/16', true],
    ['10.201.0.0/16', '10.201.255.255', true],
    ['10.201.0.0/16', '10.202.0.0/16', false],
    ['0.0.0.0/0', '10.202.0.0/16', true],
  ];
  for (const [a, b, meet] of cases) {
    assert.equal(overlaps(subnet(a), subnet(b)), meet, `${a} ${b}`);
    assert.equal(overlaps(subnet(b), subnet(a)), meet, `${b} ${a}`);
  }
});

test('chooses the first range that no route and no address meets', () => {
  const routes = '[{"dst":"default"},{"dst":"10.201.0.0/24"},{"dst":"10.203.4.0/22"}]';
  const links = '[{"addr_info":[{"local":"10.202.0.1","prefixlen":32},{"local":"fe80::1","prefixlen":64}]},{}]';
  assert.equal(formatSubnet(firstFree(CANDIDATES, usedSubnets(routes, links)) ?? subnet('0.0.0.0')), '10.204.0.0/16');
  assert.equal(firstFree(CANDIDATES, CANDIDATES), undefined);
});

test('goes beside a VPN that has all private addresses, and beside half a default route', () => {
  const beside = (...used: readonly string[]) => formatSubnet(rangeBeside(used.map(subnet)) ?? subnet('0.0.0.0'));
  assert.equal(beside('10.0.0.0/8'), '172.24.0.0/16');
  assert.equal(beside('10.0.0.0/8', '172.16.0.0/12', '10.201.0.0/16'), '10.202.0.0/16');
  assert.equal(rangeBeside(CANDIDATES), undefined);
  assert.deepEqual(usedSubnets('[{"dst":"0.0.0.0/1"},{"dst":"128.0.0.0/1"}]', '[]'), []);
});

test('divides a range into links, services and pods that do not meet', () => {
  const parts = [plan.linkSubnet, plan.serviceSubnet, plan.podSubnet];
  assert.deepEqual(parts, ['10.201.0.0/24', '10.201.64.0/18', '10.201.128.0/17']);
  for (const a of parts) for (const b of parts) assert.equal(overlaps(subnet(a), subnet(b)), a === b);
});

test('gives each node an address and a range for pods', () => {
  assert.deepEqual(
    plan.nodes.map((node) => [node.name, addresses.node(plan, node), addresses.nodePods(plan, node)]),
    [
      ['node-1', '10.201.0.11', '10.201.128.0/24'],
      ['node-2', '10.201.0.12', '10.201.129.0/24'],
    ],
  );
  assert.equal(macOf('10.201.0.11'), '02:00:0a:c9:00:0b');
});

test('names a cluster after its state folder, so that two of one name do not meet', () => {
  const other = makePlan({ name: 'x', folder: '/t/x', range: subnet('10.201.0.0/16'), registryPort: 1 });
  assert.notEqual(plan.id, other.id);
  assert.match(plan.id, /^[0-9a-f]{6}$/);
});

test('reads the plan that it wrote, and says what to do about a broken one', async () => {
  const path = join(await mkdtemp(join(tmpdir(), 'plan-')), 'plan.json');
  assert.equal(await readPlan(path), undefined);
  await writePlan(path, plan);
  assert.deepEqual(await readPlan(path), plan);
  const broken = [{ registryPort: 0 }, { podSubnet: '10.0.0.0/99' }, { nodes: [] }, { nodes: [1] }, { id: '' }];
  const changed = broken.map((change) => JSON.stringify({ ...plan, ...change }));
  for (const text of ['', '{', '{}', 'null', '[]', '7', ...changed]) {
    await writeFile(path, text);
    await assert.rejects(readPlan(path), { code: 'CLUSTER_PLAN_BROKEN' }, text);
  }
});

test('names the version of a plan that another Fathom wrote', async () => {
  const path = join(await mkdtemp(join(tmpdir(), 'plan-')), 'plan.json');
  for (const [version, age] of [
    [0, 'older'],
    [2, 'newer'],
  ] as const) {
    await writeFile(path, JSON.stringify({ ...plan, version }));
    await assert.rejects(readPlan(path), {
      code: 'STATE_VERSION',
      message: `Reading ${path}: it is of version ${version}, and this Fathom reads version 1`,
      hint: `Use the ${age} checkout that wrote it, or give the cluster and its data up: \`./fathom down\`, then \`./fathom up\`.`,
    });
  }
});

test('takes its links where it is told, if they have room for all nodes', () => {
  const links = parseSubnet('172.19.0.0/26');
  assert.ok(links !== undefined);
  const options = { name: 'x', folder: '/s/x', range: { base: 0x0ac90000, prefix: 16 }, registryPort: 1, links };
  const plan = makePlan({ ...options, nodes: 52 });
  const [first, last] = [plan.nodes[0], plan.nodes.at(-1)];
  assert.ok(first !== undefined && last !== undefined);
  assert.deepEqual([addresses.node(plan, first), addresses.node(plan, last)], ['172.19.0.11', '172.19.0.62']);
  assert.equal(linkPrefix(plan), 26);
  assert.throws(() => makePlan({ ...options, nodes: 53 }), {
    code: 'CLUSTER_LINKS',
    message: 'Planning 53 nodes: 172.19.0.0/26 has room for 52',
  });
});
