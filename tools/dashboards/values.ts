// Values that anybody may have written: what each is to be, and sentences about what it is instead.
import { nearest } from '../lib/nearest.ts';

/** Notes problems at places. */
export type Tell = (place: string, problem: string) => void;

/** So many unknown fields of one object are told of, and no more of a name than this. */
const UNKNOWN = { fields: 5, letters: 60 } as const;

/** Tells of fields that are not `known`, and what was probably meant. */
export function tellUnknown(value: object, known: object, place: string, tell: Tell): void {
  const names = Object.keys(known);
  const unknown = Object.keys(value).filter((name) => !names.includes(name));
  for (const name of unknown.slice(0, UNKNOWN.fields)) {
    const short = name.slice(0, UNKNOWN.letters);
    tell(place === '' ? short : `${place}.${short}`, `is an unknown field, the nearest is ${nearest(short, names)}`);
  }
}

export function listOf(value: unknown, place: string, most: number, tell: Tell): readonly unknown[] {
  if (!Array.isArray(value)) {
    tell(place, `must be a list, got ${typeOf(value)}`);
    return [];
  }
  if (value.length > most) tell(place, `must have at most ${most} entries, got ${value.length}: the rest is left out`);
  return value.slice(0, most);
}

export function optionalText(value: unknown, place: string, tell: Tell): string | undefined {
  if (value === undefined || value === null || value === '') return undefined;
  if (typeof value === 'string') return value.slice(0, 2000);
  tell(place, `must be a text, got ${typeOf(value)}`);
  return undefined;
}

/** A text that must be there; what is without is shown all the same. */
export function requiredText(value: unknown, place: string, tell: Tell): string | undefined {
  if (value !== undefined && value !== null && (typeof value !== 'string' || value.trim() !== ''))
    return optionalText(value, place, tell);
  tell(place, `must be a text, got ${shown(value)}`);
  return undefined;
}

export function optionalNumber(value: unknown, place: string, tell: Tell): number | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value === 'number' && Number.isFinite(value)) return value;
  tell(place, `must be a number, got ${shown(value)}`);
  return undefined;
}

export function refuse(place: string, problem: string, tell: Tell): readonly [] {
  tell(place, problem);
  return [];
}

export function oneOf<T extends string>(words: readonly T[], value: unknown): T | undefined {
  return words.find((word) => word === value);
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function typeOf(value: unknown): string {
  return value === null ? 'null' : Array.isArray(value) ? 'a list' : value === undefined ? 'nothing' : typeof value;
}

export function shown(value: unknown): string {
  return value === undefined ? 'nothing' : (JSON.stringify(value) ?? typeOf(value)).slice(0, 120);
}
