// What docs/monitoring.md lists, for tests that hold the cluster against it.
import { readFileSync } from 'node:fs';
import { runfile } from '../../../tools/lib/runfiles.ts';

const PAGE = 'docs/monitoring.md';

/** Names in the first column of the page's table whose head begins so. */
export function listedIn(head: string): readonly string[] {
  const lines = readFileSync(runfile(`fathom/${PAGE}`), 'utf8').split('\n');
  const start = lines.findIndex((line) => line.startsWith(`| ${head} `));
  if (start < 0) throw new Error(`${PAGE} has no table '${head}'`);
  const rest = lines.slice(start + 2);
  const end = rest.findIndex((line) => !line.startsWith('|'));
  return rest.slice(0, end < 0 ? rest.length : end).flatMap((line) => {
    const [, cell = ''] = line.split('|');
    return [...cell.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name);
  });
}

/** What runs in the namespace monitoring: names of pods, or what these begin with. */
export const listedPods = () => listedIn('in the namespace `monitoring`');

/** Jobs of which every cluster has a target. */
export const listedJobs = () => listedIn('job');
