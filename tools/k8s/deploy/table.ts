// Text in columns, and times as a column shows them.

/** Rows with each column as wide as its widest cell; the last column is not padded. */
export function alignRows(rows: readonly (readonly string[])[]): string[] {
  const widths: number[] = [];
  for (const row of rows) {
    row.forEach((cell, column) => (widths[column] = Math.max(widths[column] ?? 0, [...cell].length)));
  }
  return rows.map((row) =>
    row
      .map((cell, column) => cell + ' '.repeat(Math.max(0, (widths[column] ?? 0) - [...cell].length)))
      .join('  ')
      .trimEnd(),
  );
}

const SECOND_MS = 1000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** How long ago an RFC 3339 time was, in one unit: `42s`, `17m`, `5h`, `3d`; `-` where there is none. */
export function ageOf(time: string | undefined, nowMs: number): string {
  const thenMs = Date.parse(time ?? '');
  if (Number.isNaN(thenMs)) return '-';
  const ms = Math.max(0, nowMs - thenMs);
  const [unitMs, unit] =
    ms < 2 * MINUTE_MS
      ? [SECOND_MS, 's']
      : ms < 2 * HOUR_MS
        ? [MINUTE_MS, 'm']
        : ms < 2 * DAY_MS
          ? [HOUR_MS, 'h']
          : [DAY_MS, 'd'];
  return `${Math.floor(ms / unitMs)}${unit}`;
}
