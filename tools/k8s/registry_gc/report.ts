// What a collection does, for people and for programs.
import { formatBytes } from '../../lib/log.ts';
import { alignRows } from '../deploy/table.ts';
import type { Selection } from './select.ts';

/** What came of it. */
export type Outcome = 'collected' | 'nothing to collect' | 'would be collected';

/** The lines of the table, the last one a summary. */
export function tableOf(selection: Selection, outcome: Outcome): string[] {
  const { repositories, strayBytes, kept, deleted, freedBytes, totalBytes } = selection;
  const rows = repositories.map((row) => [
    row.repository,
    `${row.kept}`,
    `${row.deleted}`,
    row.deleted === 0 ? '-' : formatBytes(row.freedBytes),
  ]);
  const stray = strayBytes === 0 ? [] : [['(in no image)', '-', '-', formatBytes(strayBytes)]];
  const verb = outcome === 'would be collected' ? 'would delete' : 'deleted';
  const summary =
    outcome === 'nothing to collect'
      ? `nothing to collect: ${kept.length} manifests, ${formatBytes(totalBytes)}, all of them kept`
      : `${verb} ${deleted.length} of ${kept.length + deleted.length} manifests, ${formatBytes(freedBytes)} of ${formatBytes(totalBytes)}`;
  return [...alignRows([['repository', 'kept', 'deleted', 'freed'], ...rows, ...stray]), summary];
}

/** The same as one line of JSON. */
export function jsonOf(selection: Selection, outcome: Outcome): string {
  const { repositories, strayBytes, kept, deleted, freedBytes, totalBytes } = selection;
  return JSON.stringify({
    isDryRun: outcome === 'would be collected',
    repositories,
    kept: kept.length,
    deleted: deleted.map(({ repository, digest }) => ({ repository, digest })),
    strayBytes,
    freedBytes,
    totalBytes,
  });
}
