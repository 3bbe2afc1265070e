// The form of a result's file, as a JSON schema: what bench/lib/result.ts says in types.
import { UNITS } from '../lib/result.ts';

interface Schema {
  readonly [keyword: string]: unknown;
}

const string: Schema = { type: 'string' };
const number: Schema = { type: 'number' };
const unit: Schema = { enum: UNITS };

/** Fields that nobody reads here do no harm. */
function object(required: Readonly<Record<string, Schema>>, optional: Readonly<Record<string, Schema>> = {}): Schema {
  return { type: 'object', properties: { ...required, ...optional }, required: Object.keys(required) };
}

function filled(items: Schema): Schema {
  return { type: 'array', items, minItems: 1 };
}

const MORE = { aim: number, note: string };

const comparison = object(
  {
    name: string,
    peer: string,
    unit,
    pairs: filled(object({ ours: number, peer: number })),
    ratio: object({ median: number, low: number, high: number, confidence: number }),
  },
  MORE,
);

const measurement = object({ name: string, unit, values: filled(number), median: number }, MORE);

/** The schema of a result. */
export const RESULT_SCHEMA: Schema = object({
  // It becomes the name of a file.
  benchmark: { type: 'string', pattern: '^[a-z0-9_]+$' },
  machine: object({ cpus: number, memoryBytes: number, kernel: string }, { cpu: string }),
  versions: { type: 'object', additionalProperties: string },
  commit: string,
  comparisons: { type: 'array', items: comparison },
  measurements: { type: 'array', items: measurement },
});
