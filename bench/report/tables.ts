// Results as tables of Markdown. Pure.
import { isMet, isWithin } from '../lib/compare.ts';
import type { BenchResult, Comparison, Measurement, Unit } from '../lib/result.ts';
import { intervalOf, medianOf } from '../lib/statistics.ts';

/** The part of bench/README.md about one benchmark. */
export function sectionOf(result: BenchResult): string {
  const { benchmark, machine, versions, commit, comparisons, measurements } = result;
  const versionText = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  const cpu = machine.cpu === undefined ? '' : `, ${machine.cpu}`;
  const gibibytes = Math.round(machine.memoryBytes / 2 ** 30);
  return [
    `### ${benchmark}`,
    `Commit ${commit}, ${machine.cpus} processors${cpu}, ${gibibytes} GiB, Linux ${machine.kernel}; ${versionText.join(', ')}.`,
    ...(comparisons.length === 0 ? [] : [comparisonTable(comparisons), `![Ratios](results/${benchmark}.svg)`]),
    ...(measurements.length === 0 ? [] : [measurementTable(measurements)]),
    ...notesOf([...comparisons, ...measurements]),
  ].join('\n\n');
}

function comparisonTable(comparisons: readonly Comparison[]): string {
  return table(
    ['case', 'Fathom', 'against', 'theirs', 'ratio', 'interval', 'pairs', 'aim'],
    comparisons.map((one) => [
      one.name,
      amount(medianOf(one.pairs.map(({ ours }) => ours)), one.unit),
      one.peer,
      amount(medianOf(one.pairs.map(({ peer }) => peer)), one.unit),
      times(one.ratio.median),
      unlessAlone(one.pairs, `${times(one.ratio.low)} – ${times(one.ratio.high)} (${percent(one.ratio.confidence)})`),
      `${one.pairs.length}`,
      aimOf(one.aim === undefined ? undefined : times(one.aim), isMet(one)),
    ]),
  );
}

function measurementTable(measurements: readonly Measurement[]): string {
  return table(
    ['what', 'median', 'interval', 'runs', 'aim'],
    measurements.map((one) => {
      const { low, high, confidence } = intervalOf(one.values);
      return [
        one.name,
        amount(one.median, one.unit),
        unlessAlone(one.values, `${amount(low, one.unit)} – ${amount(high, one.unit)} (${percent(confidence)})`),
        `${one.values.length}`,
        aimOf(one.aim === undefined ? undefined : `≤ ${amount(one.aim, one.unit)}`, isWithin(one)),
      ];
    }),
  );
}

function notesOf(all: readonly { readonly name: string; readonly note?: string }[]): string[] {
  const notes = all.flatMap(({ name, note }) => (note === undefined ? [] : [`- ${name}: ${note}`]));
  return notes.length === 0 ? [] : [notes.join('\n')];
}

function aimOf(aim: string | undefined, met: boolean | undefined): string {
  return aim === undefined ? '' : `${aim}: ${met === true ? 'met' : '**missed**'}`;
}

/** A table whose columns are as wide as prettier makes them. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((name, index) => Math.max(3, name.length, ...rows.map((row) => (row[index] ?? '').length)));
  const line = (cells: readonly string[]) =>
    `| ${widths.map((width, index) => (cells[index] ?? '').padEnd(width)).join(' | ')} |`;
  return [line(head), line(widths.map((width) => '-'.repeat(width))), ...rows.map(line)].join('\n');
}

/** `0.18 s`, `5.2 kB`, `42`: three digits at most, which is what one run is good for. */
export function amount(value: number, unit: Unit): string {
  if (unit === 's') return value < 1 ? `${Math.round(value * 1000)} ms` : `${digits(value)} s`;
  if (unit === 'MB') return `${digits(value)} MB`;
  if (unit === 'count') return digits(value);
  const sizes = ['B', 'kB', 'MB', 'GB'];
  const step = value < 1 ? 0 : Math.min(sizes.length - 1, Math.floor(Math.log10(value) / 3));
  return `${digits(value / 1000 ** step)} ${sizes[step]}`;
}

/** `5.2×`. */
export function times(value: number): string {
  return `${digits(value)}×`;
}

/** What is said of an interval; of one value there is none. */
export function unlessAlone(values: readonly unknown[], text: string): string {
  return values.length === 1 ? '–' : text;
}

function percent(part: number): string {
  return `${Math.floor(part * 100)} %`;
}

function digits(value: number): string {
  if (!Number.isFinite(value)) return '–';
  return value >= 100 ? Math.round(value).toString() : Number(value.toPrecision(3)).toString();
}
