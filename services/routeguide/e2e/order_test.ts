// The stack is turned on one service at a time, without waiting for any, in an order that no service may rely on.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chooseSeed, createRandom } from '../../../tools/lib/testing/random.ts';
import { eventually, logOf, testPerson } from './cluster.ts';

/** As a deep stack has them: what is needed first comes first. */
const SERVICES = ['services/redis', 'services/routeguide/server', 'services/routeguide/client'];
const CLIENT = 'services/routeguide/client/myns-deep';
/** From the last apply on. */
const HEALTHY_WITHIN = '4m';

function orderOf(name: string | undefined): readonly string[] {
  if (name === 'reversed') return SERVICES.toReversed();
  assert.equal(name, 'shuffled');
  // Prints the seed.
  const random = createRandom(chooseSeed());
  return SERVICES.map((service) => ({ service, place: random() }))
    .toSorted((a, b) => a.place - b.place)
    .map(({ service }) => service);
}

test('becomes healthy, in whatever order its services are turned on', async (context) => {
  const person = testPerson();
  const order = orderOf(process.env['ORDER']);
  context.diagnostic(`order: ${order.join(', ')}`);
  for (const service of order) {
    const { status, stdout, stderr } = await person.verb(`${service}/myns.apply`, '--no-wait');
    assert.equal(status, 0, `${service}\n${stdout}${stderr}`);
  }
  const waited = await person.verb(`${CLIENT}.wait`, '--timeout', HEALTHY_WITHIN);
  assert.equal(waited.status, 0, `${order.join(', ')}\n${waited.stdout}${waited.stderr}`);
  const line = await eventually('the client has listed features', async () =>
    (await logOf(person.namespace, 'routeguide-client')).findLast((one) => one['call'] === 'ListFeatures'),
  );
  assert.ok(Number(line['count']) > 50, JSON.stringify(line));
  const diff = await person.verb(`${CLIENT}.diff`);
  assert.equal(diff.status, 0, `one by one they are what the deep stack is\n${diff.stdout}${diff.stderr}`);
});
