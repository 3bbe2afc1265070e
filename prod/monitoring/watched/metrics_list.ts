// The lists of metrics/ against what a program tells of itself.
import { readFileSync } from 'node:fs';
import { checkMetricsFile } from '../../../tools/monitoring/metrics_file.ts';

const ENDINGS = ['', '_bucket', '_count', '_sum'];

/** Compares a list with what was scraped, as far as the list names it: a program says much that nobody asks for. */
export function checkListed(name: string, exposition: string): void {
  const file = new URL(`metrics/${name}.txt`, import.meta.url);
  const listed = readFileSync(file, 'utf8').split('\n');
  const names = new Set(listed.filter((line) => line !== '' && !line.startsWith('#')).map((line) => nameOf(line)));
  const lines = exposition.split('\n');
  const samples = lines.filter((line) => !line.startsWith('#') && names.has(nameOf(line)));
  const seen = new Set(samples.map(nameOf));
  // What is declared and has no series yet.
  const declared = lines.flatMap((line) => {
    const [, base] = /^# TYPE (\S+) /.exec(line) ?? [];
    const all = base === undefined ? [] : ENDINGS.map((ending) => base + ending);
    return all.filter((one) => names.has(one) && !seen.has(one)).map((one) => `# TYPE ${one} untyped`);
  });
  checkMetricsFile(file, [...samples, ...declared].join('\n'));
}

/** The metric that a line of an exposition, or of a list, is of. */
export function nameOf(line: string): string {
  return line.replace(/[{ ].*$/s, '');
}
