// JSON schemas of published formats, for tests: what we write is what others read.
import { readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { Ajv } from 'ajv';
import addFormats from 'ajv-formats';

/** The problems of a document, one a line, by a schema in a file (drafts 7 and 2020-12) and those that it refers to. */
export function schemaProblems(schemaPath: string, document: unknown, more: readonly string[] = []): string[] {
  const schema = JSON.parse(readFileSync(schemaPath, 'utf8')) as { readonly $schema?: string };
  // The published schemas have keywords that strict mode takes for mistakes.
  const options = { strict: false, allErrors: true };
  const ajv = schema.$schema?.includes('2020-12') === true ? new Ajv2020(options) : new Ajv(options);
  (addFormats as unknown as (ajv: Ajv) => void)(ajv);
  for (const path of more) ajv.addSchema(JSON.parse(readFileSync(path, 'utf8')) as object);
  const validate = ajv.compile(schema);
  if (validate(document)) return [];
  return (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message ?? 'is invalid'}`);
}
