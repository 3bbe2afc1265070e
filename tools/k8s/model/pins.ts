// pins.json: which image of which commit an environment runs. From text to checked data and back; no I/O.
import { parseDocument } from 'yaml';
import { type Digest, isDigest } from '../../lib/digest.ts';
import { ToolError, errorText } from '../../lib/errors.ts';
import { asRecord } from './object.ts';

/** What is recorded of an image. Fields that Fathom does not know stay in the file. */
export interface Pin {
  readonly digest: Digest;
  /** The commit that it was built of. Missing: a pin that was written by hand. */
  readonly commit?: string;
  /** When it was recorded, by RFC 3339. */
  readonly time?: string;
  /** The digest of its bill of materials; of an index, platform → digest. */
  readonly sbom?: string | Readonly<Record<string, string>>;
  /** True: built of a tree with changes, so that nobody can build it again. */
  readonly dirty?: true;
}

/** Environment → the image's name in manifests → its pin. */
export type Pins = Readonly<Record<string, Readonly<Record<string, Pin>>>>;

const COMMIT = /^[0-9a-f]{40}([0-9a-f]{24})?$/;

/** Reads the text of a pins.json; `file` names it in errors. Throws K8S_PINS_INVALID with the place. */
export function parsePins(text: string, file: string): Pins {
  if (/^(<{7}|={7}|>{7})( |$)/m.test(text)) {
    throw invalid(file, 'it has the marks of a merge conflict', 'Settle the conflict: keep one pin for each image.');
  }
  const pins = asRecord(parseJson(text, file));
  if (pins === undefined) throw invalid(file, 'it is no object');
  for (const [environment, images] of Object.entries(pins)) {
    const refs = asRecord(images);
    if (refs === undefined) throw invalid(file, `'${environment}' is no object`);
    for (const [ref, pin] of Object.entries(refs)) {
      const problem = problemOf(pin);
      if (problem !== undefined) throw invalid(file, `the pin of ${ref} for '${environment}' ${problem}`);
    }
  }
  return pins as Pins;
}

/** The text of a pins.json: keys sorted, as prettier leaves it, so that an edit changes the lines of what it changes. */
export function formatPins(pins: Pins): string {
  return `${JSON.stringify(sorted(pins), null, 2)}\n`;
}

/** The pins with some of an environment's set. */
export function withPins(pins: Pins, environment: string, changes: Readonly<Record<string, Pin>>): Pins {
  return { ...pins, [environment]: { ...pins[environment], ...changes } };
}

/** The pin of an image in an environment. */
export function pinAt(pins: Pins, environment: string, ref: string): Pin | undefined {
  return Object.hasOwn(pins, environment) && Object.hasOwn(pins[environment] ?? {}, ref)
    ? pins[environment]?.[ref]
    : undefined;
}

/** The target that changes a pins.json, which is in its package: `//services/x:release`. */
export function pinsTarget(file: string, verb: 'promote' | 'release' | 'restore'): string {
  const slash = file.lastIndexOf('/');
  return `//${slash < 0 ? '' : file.slice(0, slash)}:${verb}`;
}

function parseJson(text: string, file: string): unknown {
  try {
    const value: unknown = JSON.parse(text);
    // JSON.parse takes the last of two equal keys, which a merge can make without a conflict.
    const twice = parseDocument(text, { logLevel: 'silent' }).errors.find(({ code }) => code === 'DUPLICATE_KEY');
    if (twice === undefined) return value;
    throw invalid(file, `${placeOf(text, twice.pos[0])}: a key is there twice`, 'Keep one of the two.');
  } catch (cause) {
    if (cause instanceof ToolError) throw cause;
    const [error] = parseDocument(text, { logLevel: 'silent' }).errors;
    const place = error === undefined ? '' : `${placeOf(text, error.pos[0])}: `;
    throw invalid(
      file,
      `${place}it is no JSON (${errorText(cause)})`,
      'Correct it, or take the last good one of git.',
      cause,
    );
  }
}

function placeOf(text: string, offset: number): string {
  const before = text.slice(0, offset).split('\n');
  return `line ${before.length}, column ${(before.at(-1)?.length ?? 0) + 1}`;
}

function problemOf(pin: unknown): string | undefined {
  const record = asRecord(pin);
  if (record === undefined) return 'is no object';
  const { digest, commit, time, sbom, dirty } = record;
  if (!isDigest(digest)) return `has the digest ${JSON.stringify(digest)}, which is no sha256 digest`;
  if (commit !== undefined && (typeof commit !== 'string' || !COMMIT.test(commit))) {
    return `has the commit ${JSON.stringify(commit)}, which is no full commit of git`;
  }
  if (time !== undefined && (typeof time !== 'string' || Number.isNaN(Date.parse(time)))) {
    return `has the time ${JSON.stringify(time)}, which is none`;
  }
  if (sbom !== undefined && !Object.values(asRecord(sbom) ?? { sbom }).every(isDigest)) {
    return `has the sbom ${JSON.stringify(sbom)}, which is no sha256 digest`;
  }
  return dirty === undefined || dirty === true
    ? undefined
    : `has dirty = ${JSON.stringify(dirty)}, which must be true or left out`;
}

function sorted(value: unknown): unknown {
  const record = asRecord(value);
  if (record === undefined) return value;
  const entries = Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1));
  // No prototype: a key may be called __proto__.
  return Object.assign(Object.create(null), Object.fromEntries(entries.map(([key, item]) => [key, sorted(item)])));
}

function invalid(file: string, problem: string, hint?: string, cause?: unknown): ToolError {
  return new ToolError('K8S_PINS_INVALID', `Reading pins ${file}: ${problem}`, {
    hint: hint ?? 'Write {environment: {image: {digest, commit, time, sbom}}}, or take the last good one of git.',
    ...(cause === undefined ? {} : { cause }),
  });
}
