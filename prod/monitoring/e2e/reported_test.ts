import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Alert } from '../../../services/dashboards/shared/api.ts';
import { reportOf } from '../../cluster_status/report.ts';
import { isBad, type Status } from '../../cluster_status/status.ts';
import { unsoundIn, urgentIn } from './reported.ts';

const SOUND: Status = {
  ...{ targetsUp: 3, targetsNew: 0, targetsDown: [], emptyMonitors: [], alerts: [], budgets: [] },
  ...{ rules: 5, failedRules: [], unloadedRules: [], dashboards: 2, dashboardFaults: [], panelFaults: [] },
};
const CRITICAL: Alert = {
  ...{ name: 'A', state: 'firing', severity: 'critical', namespace: 'shop', service: 'web' },
  ...{ summary: 'It is away', description: '', since: 0, labels: {} },
};
const BUDGET = { namespace: 'shop', service: 'web', slo: 'availability', objective: 0.999, window: '30d' } as const;

test('finds nothing in the report of a cluster where all is well', () => {
  const report = reportOf(SOUND);
  assert.deepEqual([unsoundIn(report), urgentIn(report)], [[], []]);
});

const FAULT = { what: 'a', problems: ['b'] };
const FAULTS: readonly Partial<Status>[] = [
  { targetsUp: 0 },
  { targetsNew: 1 },
  { targetsDown: [{ pool: 'a', address: 'b', why: 'c' }] },
  { emptyMonitors: ['a'] },
  { failedRules: [FAULT] },
  { unloadedRules: ['a'] },
  { dashboards: 0 },
  { dashboardFaults: [FAULT] },
  { panelFaults: [FAULT] },
];
for (const fault of FAULTS) {
  test(`names ${JSON.stringify(fault)}`, () => {
    assert.equal(unsoundIn(reportOf({ ...SOUND, ...fault })).length, 1);
  });
}

for (const [left, count] of [
  [0.4, 0],
  [0.001, 0],
  [0, 1],
  [-2.5, 1],
] as const) {
  test(`a budget of which ${left} is left is ${count === 0 ? 'not ' : ''}urgent`, () => {
    const status: Status = { ...SOUND, budgets: [{ ...BUDGET, errorRatio: 0, left }] };
    assert.equal(urgentIn(reportOf(status)).length, count);
    assert.equal(isBad(status), count > 0);
  });
}

test('an alert is urgent where it is critical', () => {
  assert.deepEqual(urgentIn(reportOf({ ...SOUND, alerts: [CRITICAL] })), ['  critical A: shop/web: It is away']);
  assert.deepEqual(urgentIn(reportOf({ ...SOUND, alerts: [{ ...CRITICAL, severity: 'warning' }] })), []);
});
