// Deploys by Fathom: of each stack the newest run that changed it, from the ConfigMap in which the engine tells of it.
import type { V1ConfigMap } from '@kubernetes/client-node';
import { type DeployRun, deploySeconds, readDeploys } from '../../../tools/k8s/model/deploys.ts';
import { type Family, type Sample, familiesOf, seconds } from './family.ts';

const deploy = familiesOf<V1ConfigMap>('fathom_deploy');

// What is watched stays one object until it changes: it is read once, not at each scrape for each metric.
const read = new WeakMap<V1ConfigMap, readonly DeployRun[]>();

function runsOf(configMap: V1ConfigMap): readonly DeployRun[] {
  const runs = read.get(configMap) ?? readDeploys(configMap);
  read.set(configMap, runs);
  return runs;
}

const family = (
  name: string,
  help: string,
  labels: readonly string[],
  samples: (run: DeployRun) => readonly Sample[],
) =>
  deploy.family(name, help, labels, (configMap) => {
    const newest = runsOf(configMap).at(-1);
    return newest === undefined ? [] : samples(newest);
  });

const number = (name: string, help: string, value: (run: DeployRun) => number | undefined): Family =>
  family(name, help, [], (run) => [[{}, value(run)]]);

const ACTIONS = ['create', 'update', 'recreate', 'adopt', 'prune', 'keep', 'unchanged'] as const;

/** Fewer are no custom. */
const LEAST_BEFORE = 3;

/** The median of what the runs before took that came to an end; undefined where there are too few. */
function usualSeconds(configMap: V1ConfigMap): number | undefined {
  const before = runsOf(configMap)
    .slice(0, -1)
    .filter(({ state, error }) => state === 'done' && error === undefined)
    .map(deploySeconds)
    .toSorted((a, b) => a - b);
  return before.length < LEAST_BEFORE ? undefined : before[Math.floor(before.length / 2)];
}

/** What is told of deploys. */
export const DEPLOY_FAMILIES: readonly Family[] = [
  family(
    'info',
    'What a stack was last changed by',
    ['revision', 'verb', 'commit', 'dirty', 'who'],
    ({ number: revision, verb, commit = '', isDirty = false, who }) => [
      [{ revision: String(revision), verb, commit, dirty: String(isDirty), who }, 1],
    ],
  ),
  number('started_timestamp_seconds', 'When it began, in seconds since 1970', ({ when }) => seconds(when)),
  number('finished_timestamp_seconds', 'When it ended, in seconds since 1970', ({ finished }) => seconds(finished)),
  number('unfinished', 'Whether it has not come to an end: it goes on, was cut off, or has failed', ({ state }) =>
    Number(state !== 'done'),
  ),
  family('error', 'The code of the error with which it ended', ['code'], ({ error: code }) =>
    code === undefined ? [] : [[{ code }, 1]],
  ),
  number('duration_seconds', 'How long it worked', (run) => deploySeconds(run)),
  deploy.number('usual_duration_seconds', 'How long the deploys of the stack before it took', usualSeconds),
  family('phase_seconds', 'How long a phase of it took', ['phase'], ({ phases }) =>
    Object.entries(phases).map(([phase, value]): Sample => [{ phase }, value]),
  ),
  family('objects', 'With how many objects something was done', ['action'], ({ objects }) =>
    ACTIONS.map((action): Sample => [{ action }, objects[action] ?? 0]),
  ),
  number('objects_planned', 'With how many objects something was to be done', ({ planned }) => planned),
  number('images', 'How many images the stack has', ({ images }) => images),
];
