// The ratios of a benchmark as a picture: a point and its interval for each case, on a logarithmic scale, with the line
// at which both sides take the same. Readable on light and dark pages. Pure.
import type { BenchResult, Comparison } from '../lib/result.ts';

const WIDTH = 760;
const LABEL = 330;
const RIGHT = 60;
const ROW = 26;
const TOP = 34;

/** An SVG of all comparisons. */
export function plotOf({ benchmark, comparisons }: BenchResult): string {
  const numbers = comparisons.flatMap(({ ratio, aim }) => [ratio.low, ratio.high, ...(aim === undefined ? [] : [aim])]);
  const finite = numbers.filter((one) => Number.isFinite(one) && one > 0);
  const from = Math.min(0.5, ...finite) / 1.15;
  const to = Math.max(2, ...finite) * 1.15;
  const x = (value: number) => {
    const part = (Math.log(Math.max(value, from)) - Math.log(from)) / (Math.log(to) - Math.log(from));
    return Math.round((LABEL + Math.min(1, part) * (WIDTH - LABEL - RIGHT)) * 10) / 10;
  };
  const height = TOP + comparisons.length * ROW + 12;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" role="img" font-family="sans-serif" font-size="12">`,
    `<title>${escaped(benchmark)}: how many times as much the others take</title>`,
    '<style>text{fill:#57606a}.axis{stroke:#8b949e}.ours{stroke:#0969da;fill:#0969da}.aim{stroke:#bf8700}',
    '@media(prefers-color-scheme:dark){text{fill:#9da7b1}.ours{stroke:#58a6ff;fill:#58a6ff}.aim{stroke:#d29922}}</style>',
    ...ticks(from, to).flatMap((tick) => [
      `<line class="axis" x1="${x(tick)}" x2="${x(tick)}" y1="${TOP - 8}" y2="${height - 8}" stroke-opacity="${tick === 1 ? 1 : 0.25}"/>`,
      `<text x="${x(tick)}" y="${TOP - 14}" text-anchor="middle">${tick}×</text>`,
    ]),
    ...comparisons.flatMap((one, index) => rowOf(one, TOP + index * ROW + ROW / 2, x)),
    '</svg>',
    '',
  ].join('\n');
}

function rowOf({ name, peer, ratio, aim }: Comparison, y: number, x: (value: number) => number): string[] {
  const label = `${name}, ${peer}`;
  const short = label.length > 52 ? `${label.slice(0, 51)}…` : label;
  return [
    `<text x="8" y="${y + 4}">${escaped(short)}</text>`,
    ...(aim === undefined
      ? []
      : [`<line class="aim" x1="${x(aim)}" x2="${x(aim)}" y1="${y - 8}" y2="${y + 8}" stroke-width="2"/>`]),
    `<line class="ours" x1="${x(ratio.low)}" x2="${x(ratio.high)}" y1="${y}" y2="${y}" stroke-width="3"/>`,
    `<circle class="ours" cx="${x(ratio.median)}" cy="${y}" r="4"/>`,
  ];
}

/** Powers of ten, and twice and five times as much, that are shown. */
function ticks(from: number, to: number): number[] {
  const all = [-3, -2, -1, 0, 1, 2, 3].flatMap((power) => [1, 2, 5].map((first) => Number(`${first}e${power}`)));
  const shown = all.filter((tick) => tick >= from && tick <= to);
  return shown.length > 8 ? shown.filter((tick) => Math.log10(tick) % 1 === 0) : shown;
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
