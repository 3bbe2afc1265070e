// The ratios of a benchmark as a picture: a point and its interval for each case, below the name of who it is against, on
// a logarithmic scale with the line at which both sides take the same. Readable on light and dark pages. Pure.
import type { BenchResult, Comparison } from '../lib/result.ts';
import { LINE, escaped, linesOf, textBlock } from './svg_text.ts';

const WIDTH = 900;
const LEFT = 8;
/** Where the scale begins, right of the cases' names. */
const SCALE = 410;
const RIGHT = 40;
/** Names of peers are bold, which needs more room. */
const BOLD = 0.85;
const TOP = 54;

type Scale = (value: number) => number;

/** An SVG of all comparisons. */
export function plotOf({ benchmark, comparisons }: BenchResult): string {
  const numbers = comparisons.flatMap(({ ratio, aim }) => [ratio.low, ratio.high, ...(aim === undefined ? [] : [aim])]);
  const finite = numbers.filter((one) => Number.isFinite(one) && one > 0);
  const from = Math.min(0.5, ...finite) / 1.15;
  const to = Math.max(2, ...finite) * 1.15;
  const x: Scale = (value) => {
    const part = (Math.log(Math.max(value, from)) - Math.log(from)) / (Math.log(to) - Math.log(from));
    return Math.round((SCALE + Math.min(1, part) * (WIDTH - SCALE - RIGHT)) * 10) / 10;
  };
  const shown = ticks(from, to);
  const parts = shown.map((tick) => `<text x="${x(tick)}" y="${TOP - 12}" text-anchor="middle">${tick}×</text>`);
  let y = TOP;
  for (const [peer, cases] of Map.groupBy(comparisons, (one) => one.peer)) {
    const heading = linesOf(`against ${peer}`, (WIDTH - 2 * LEFT) * BOLD);
    parts.push(textBlock(heading, { kind: 'peer', x: LEFT, y: y + LINE }));
    const begin = y + heading.length * LINE + 4;
    const rows = rowsOf(cases, begin, x);
    y = rows.end + 8;
    parts.push(...shown.map((tick) => axisOf(tick, x(tick), [begin, rows.end])), ...rows.parts);
  }
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${y}" role="img" font-family="sans-serif" font-size="12">`,
    `<title>${escaped(benchmark)}: how many times as much the others take</title>`,
    '<style>text{fill:#57606a}.peer{font-weight:bold}.axis{stroke:#8b949e}',
    '.ours{stroke:#0969da;fill:#0969da}.aim{stroke:#bf8700}',
    '@media(prefers-color-scheme:dark){text{fill:#9da7b1}.ours{stroke:#58a6ff;fill:#58a6ff}.aim{stroke:#d29922}}</style>',
    legendOf(comparisons.some(({ aim }) => aim !== undefined)),
    ...parts,
    '</svg>',
    '',
  ].join('\n');
}

function legendOf(hasAim: boolean): string {
  return [
    '<g class="legend">',
    ...markOf([LEFT, LEFT + 14, LEFT + 28], 14),
    '<text x="44" y="18">the median and its interval</text>',
    ...(hasAim ? [aimMark(254, 14), '<text x="264" y="18">the aim</text>'] : []),
    `<text x="${WIDTH - LEFT}" y="18" text-anchor="end">right of 1×: Fathom is faster, or takes less</text>`,
    '</g>',
  ].join('\n');
}

/** The cases of a peer, from `begin` down to `end`. */
function rowsOf(cases: readonly Comparison[], begin: number, x: Scale): { end: number; parts: string[] } {
  let end = begin;
  const parts: string[] = [];
  for (const { name, ratio, aim } of cases) {
    const lines = linesOf(name, SCALE - 2 * LEFT);
    const height = lines.length * LINE + 7;
    const middle = end + height / 2;
    parts.push(
      textBlock(lines, { kind: 'case', x: LEFT, y: end + LINE }),
      ...(aim === undefined ? [] : [aimMark(x(aim), middle)]),
      ...markOf([x(ratio.low), x(ratio.median), x(ratio.high)], middle),
    );
    end += height;
  }
  return { end, parts };
}

function axisOf(tick: number, x: number, [top, bottom]: readonly [number, number]): string {
  return `<line class="axis" x1="${x}" x2="${x}" y1="${top}" y2="${bottom}" stroke-opacity="${tick === 1 ? 1 : 0.25}"/>`;
}

function markOf([low, median, high]: readonly [number, number, number], y: number): string[] {
  return [
    `<line class="ours" x1="${low}" x2="${high}" y1="${y}" y2="${y}" stroke-width="3"/>`,
    `<circle class="ours" cx="${median}" cy="${y}" r="4"/>`,
  ];
}

function aimMark(x: number, y: number): string {
  return `<line class="aim" x1="${x}" x2="${x}" y1="${y - 8}" y2="${y + 8}" stroke-width="2"/>`;
}

/** Powers of ten, and twice and five times as much, that are shown. */
function ticks(from: number, to: number): number[] {
  const all = [-3, -2, -1, 0, 1, 2, 3].flatMap((power) => [1, 2, 5].map((first) => Number(`${first}e${power}`)));
  const shown = all.filter((tick) => tick >= from && tick <= to);
  return shown.length > 8 ? shown.filter((tick) => Math.log10(tick) % 1 === 0) : shown;
}
