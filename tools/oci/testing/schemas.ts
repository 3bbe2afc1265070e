// JSON schemas of published formats, for tests: what we write is what others read.
import { readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { Ajv } from 'ajv';
import addFormats from 'ajv-formats';

type Schema = Readonly<Record<string, unknown>>;

/** Where schemas are taken to be, so that they find each other by their files' names. */
const BASE = 'https://schemas.example/';

/**
 * The problems of a document, one a line, by a schema in a file; it may refer to the files `more` beside it.
 * Drafts 4 and 7: of what differs between them, the schemas that tests use have only `id`.
 */
export function schemaProblems(schemaPath: string, document: unknown, more: readonly string[] = []): string[] {
  // The published schemas have keywords and formats that strict mode takes for mistakes.
  const ajv = new Ajv({ strict: false, allErrors: true, logger: false });
  // The types of the package's default export are those of a CommonJS module.
  (addFormats as unknown as (ajv: Ajv) => void)(ajv);
  for (const name of more) ajv.addSchema(readSchema(join(dirname(schemaPath), name)));
  const validate = ajv.compile(readSchema(schemaPath));
  if (validate(document)) return [];
  return (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message ?? 'is invalid'}`);
}

function readSchema(path: string): Schema {
  const schema = withoutIds(JSON.parse(readFileSync(path, 'utf8'))) as Schema;
  return { ...schema, $schema: 'http://json-schema.org/draft-07/schema#', $id: `${BASE}${basename(path)}` };
}

/** Identifiers of parts are given twice in some schemas; nothing refers to them. */
function withoutIds(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutIds);
  if (typeof value !== 'object' || value === null) return value;
  const kept = Object.entries(value).filter(([key, item]) => !(/^\$?id$/.test(key) && typeof item === 'string'));
  return Object.fromEntries(kept.map(([key, item]) => [key, withoutIds(item)]));
}
