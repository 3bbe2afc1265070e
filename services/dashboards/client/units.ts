// Numbers as people read them, by their unit.
import type { Unit } from '../../../tools/dashboards/model.ts';

const LARGE = ['', 'k', 'M', 'G', 'T', 'P'] as const;
const BYTES = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'] as const;

/** Three digits that count: `1.23`, `12.3`, `123`. */
export function digits(value: number): string {
  const size = Math.abs(value);
  if (size === 0) return '0';
  if (size >= 100) return value.toFixed(0);
  const decimals = size >= 10 ? 1 : size >= 1 ? 2 : Math.min(6, 2 - Math.floor(Math.log10(size)));
  return value.toFixed(decimals).replace(/\.?0+$/, '');
}

function scaled(value: number, base: number, names: readonly string[]): string {
  let rest = value;
  let step = 0;
  while (Math.abs(rest) >= base * 0.9995 && step < names.length - 1) {
    rest /= base;
    step += 1;
  }
  const name = names[step] ?? '';
  return name.length > 1 || names === BYTES ? `${digits(rest)} ${name}` : `${digits(rest)}${name}`;
}

function seconds(value: number): string {
  const size = Math.abs(value);
  if (size === 0) return '0 s';
  if (size < 1e-3) return `${digits(value * 1e6)} µs`;
  if (size < 1) return `${digits(value * 1e3)} ms`;
  if (size < 120) return `${digits(value)} s`;
  if (size < 7200) return `${digits(value / 60)} min`;
  if (size < 172_800) return `${digits(value / 3600)} h`;
  return `${digits(value / 86_400)} d`;
}

/** A value with its unit: `120 ms`, `1.5 GiB`, `99.9%`, `1.2k req/s`. */
export function format(value: number | null | undefined, unit: Unit): string {
  if (value === null || value === undefined) return '–';
  switch (unit) {
    case 'seconds':
      return seconds(value);
    case 'bytes':
      return scaled(value, 1024, BYTES);
    case 'ratio':
      return `${digits(value * 100)}%`;
    case 'cores':
      return Math.abs(value) < 1 && value !== 0 ? `${digits(value * 1000)} mCPU` : `${digits(value)} CPU`;
    case 'requests_per_second':
      return `${scaled(value, 1000, LARGE)} req/s`;
    case 'per_second':
      return `${scaled(value, 1000, LARGE)}/s`;
    case 'count':
      return scaled(value, 1000, LARGE);
  }
}

/** Steps between ticks that people count in, for a unit: bytes by powers of two. */
export function incrementsOf(unit: Unit): number[] | undefined {
  if (unit !== 'bytes') return undefined;
  return Array.from({ length: 56 }, (_, power) => 2 ** power);
}
