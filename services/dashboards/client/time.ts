// Ranges of time as people name them, and times as they read them.

/** A time as the address has it: `now`, `now-1h`, or seconds since 1970. */
export type TimeText = string;

export interface Range {
  readonly from: TimeText;
  readonly to: TimeText;
}

export const DEFAULT_RANGE: Range = { from: 'now-1h', to: 'now' };

export const QUICK_RANGES = ['5m', '15m', '30m', '1h', '3h', '6h', '12h', '24h', '2d', '7d', '30d', '90d'] as const;

const SECONDS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 };
const NAMES: Readonly<Record<string, string>> = { s: 'second', m: 'minute', h: 'hour', d: 'day', w: 'week' };

/** Seconds since 1970; undefined where `text` is no time. */
export function secondsOf(text: TimeText, nowSeconds: number): number | undefined {
  if (/^\d{9,11}(\.\d+)?$/.test(text)) return Number(text);
  const match = /^now(?:-(\d{1,5})([smhdw]))?$/.exec(text);
  if (match === null) return undefined;
  return nowSeconds - Number(match[1] ?? 0) * (SECONDS[match[2] ?? 's'] ?? 0);
}

/** Both ends in seconds; the default range where they are none. */
export function resolveRange({ from, to }: Range, nowSeconds: number): { readonly from: number; readonly to: number } {
  const [start, end] = [secondsOf(from, nowSeconds), secondsOf(to, nowSeconds)];
  if (start === undefined || end === undefined || end - start < 1) return { from: nowSeconds - 3600, to: nowSeconds };
  return { from: start, to: end };
}

/** The quick range `1h`. */
export function quickRange(length: string): Range {
  return { from: `now-${length}`, to: 'now' };
}

/** `Last 3 hours`, or both ends. */
export function rangeLabel({ from, to }: Range, nowSeconds: number): string {
  const quick = /^now-(\d+)([smhdw])$/.exec(from);
  if (to === 'now' && quick !== null) {
    const [, amount = '', unit = ''] = quick;
    return amount === '1' ? `Last ${NAMES[unit]}` : `Last ${amount} ${NAMES[unit]}s`;
  }
  const ends = resolveRange({ from, to }, nowSeconds);
  return `${dateTime(ends.from)} – ${dateTime(ends.to, ends.from)}`;
}

/** Moves a range by a part of its length; what would end after now ends now. */
export function shifted(range: Range, part: number, nowSeconds: number): Range {
  const { from, to } = resolveRange(range, nowSeconds);
  const by = Math.min((to - from) * part, nowSeconds - to);
  return absolute(from + by, to + by);
}

/** Makes a range longer or shorter around its middle. */
export function zoomed(range: Range, factor: number, nowSeconds: number): Range {
  const { from, to } = resolveRange(range, nowSeconds);
  const length = Math.max(30, Math.min((to - from) * factor, 399 * 86_400));
  const end = Math.min(nowSeconds, (from + to) / 2 + length / 2);
  return absolute(end - length, end);
}

export function absolute(from: number, to: number): Range {
  return { from: String(Math.floor(from)), to: String(Math.ceil(to)) };
}

const DATE: Intl.DateTimeFormatOptions = { month: 'short', day: 'numeric' };
const CLOCK: Intl.DateTimeFormatOptions = { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' };

/** `Nov 26, 10:15`; the clock alone where it is of the same day as `after`. */
export function dateTime(seconds: number, after?: number): string {
  const date = new Date(seconds * 1000);
  const isSameDay = after !== undefined && new Date(after * 1000).toDateString() === date.toDateString();
  return date.toLocaleString('en', isSameDay ? CLOCK : { ...DATE, ...CLOCK });
}

/** `10:15`, with the day at midnight, with seconds between minutes. */
export function tickLabel(seconds: number): string {
  const date = new Date(seconds * 1000);
  if (date.getHours() === 0 && date.getMinutes() === 0 && date.getSeconds() === 0)
    return date.toLocaleString('en', DATE);
  return date.toLocaleString('en', date.getSeconds() === 0 ? CLOCK : { ...CLOCK, second: '2-digit' });
}

/** With seconds, for a place on a chart. */
export function exactTime(seconds: number): string {
  return new Date(seconds * 1000).toLocaleString('en', { ...DATE, ...CLOCK, second: '2-digit' });
}

/** `3 min`, `2 h`, `5 d`: how long ago. */
export function ago(seconds: number, nowSeconds: number): string {
  const past = Math.max(0, nowSeconds - seconds);
  if (past < 60) return `${Math.floor(past)} s`;
  if (past < 3600) return `${Math.floor(past / 60)} min`;
  if (past < 2 * 86_400) return `${Math.floor(past / 3600)} h`;
  return `${Math.floor(past / 86_400)} d`;
}

/** What an input of the type datetime-local holds. */
export function toInput(seconds: number): string {
  const date = new Date(seconds * 1000);
  return new Date(date.getTime() - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}
