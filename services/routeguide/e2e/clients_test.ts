// The clients in other languages do on the cluster what the one in TypeScript does.
import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { eventually, kubectl, logOf, person } from './cluster.ts';

const CLIENTS = ['client_go', 'client_java', 'client_python'];

for (const folder of CLIENTS) {
  describe(folder, { timeout: 600_000 }, () => {
    const deployment = `routeguide-${folder.replaceAll('_', '-')}`;
    const { namespace, verb } = person(folder.replaceAll('_', '-'));
    const stack = `services/routeguide/${folder}/myns-deep`;
    const answer = (call: string) => async () =>
      (await logOf(namespace, deployment)).findLast((line) => line['call'] === call && line['level'] === 'info');

    after(() => kubectl('delete', 'namespace', namespace, '--ignore-not-found', '--wait=false'));

    test('becomes ready, which it is after a round of calls', async () => {
      const outcome = await verb(`${stack}.apply`);
      assert.equal(outcome.status, 0, outcome.stdout + outcome.stderr);
    });

    test('logs the answers of all four kinds of call, with features that came through Redis', async () => {
      const listed = await eventually('ListFeatures is logged', answer('ListFeatures'));
      assert.equal(listed['count'], 100);
      const route = await eventually('RecordRoute is logged', answer('RecordRoute'));
      assert.deepEqual([route['pointCount'], route['featureCount']], [6, 5]);
      await eventually('an earlier note is logged', async () => {
        const line = await answer('RouteChat')();
        return /^note 3 of round \d+$/.test(String(line?.['latest'])) ? line : undefined;
      });
      const answered = (await logOf(namespace, deployment)).filter((line) => line['level'] === 'info');
      const lines = answered.filter((line) => line['call'] === 'GetFeature');
      assert.ok(lines.some((line) => line['feature'] === 'Laurel Bakery'));
      for (const line of lines) assert.equal(typeof line['durationMs'], 'number', JSON.stringify(line));
    });

    test('logs the status of calls that fail while there is no server, and calls again once there is one', async () => {
      await kubectl('scale', '-n', namespace, 'deployment/routeguide-server', '--replicas=0');
      await eventually('a failed round is logged', async () =>
        (await logOf(namespace, deployment)).find(
          (line) => line['level'] === 'error' && line['status'] === 'UNAVAILABLE',
        ),
      );
      const notReady = `{.status.conditions[?(@.type=="Available")].status}`;
      await eventually('the client is not ready', async () =>
        (await kubectl('get', '-n', namespace, `deployment/${deployment}`, '-o', `jsonpath=${notReady}`)) === 'False'
          ? true
          : undefined,
      );
      await kubectl('scale', '-n', namespace, 'deployment/routeguide-server', '--replicas=1');
      await kubectl('rollout', 'status', '-n', namespace, `deployment/${deployment}`, '--timeout=90s');
    });

    test('is deleted with its stack', async () => {
      const outcome = await verb(`${stack}.delete`);
      assert.equal(outcome.status, 0, outcome.stdout + outcome.stderr);
      assert.equal(await kubectl('get', 'deployments', '-n', namespace, '-o', 'name'), '');
    });
  });
}
