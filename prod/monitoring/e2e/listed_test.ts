// The tables of docs/monitoring.md are found, so that the test of the cluster has something to hold it against.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { listedIn, listedJobs, listedPods } from './listed.ts';

test('lists pods and jobs', () => {
  assert.deepEqual(listedPods(), [
    'prometheus-operator',
    'prometheus-cluster-0',
    'alertmanager-cluster-0',
    'kube-state',
    'metrics-server',
    'dashboards',
  ]);
  const jobs = listedJobs();
  assert.equal(new Set(jobs).size, jobs.length);
  assert.ok(jobs.length >= 12, jobs.join(', '));
  for (const job of ['cadvisor', 'dashboards', 'monitoring-node/node-exporter']) assert.ok(jobs.includes(job), job);
});

test('says so where a table is gone', () => assert.throws(() => listedIn('nothing of it'), /has no table/));
