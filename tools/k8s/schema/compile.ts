// Compiles schemas with ajv: those of custom kinds when they are needed, those of built-in kinds in the build.
import { Ajv, type Options } from 'ajv';
import addFormats from 'ajv-formats';
import type { Compile } from './catalog.ts';
import type { BuiltInKinds, Validator } from './index_file.ts';

/** Every error is wanted, and keywords of Kubernetes are no errors. */
export const AJV_OPTIONS: Options = {
  allErrors: true,
  // The code runs a few times, and optimizing that of a large schema takes longer.
  code: { optimize: false },
  inlineRefs: false,
  logger: false,
  strict: false,
  validateSchema: false,
};

/** A compiler of schemas that refer to the definitions of the built-in kinds. */
export function createCompile({ index }: BuiltInKinds): Compile {
  const ajv = new Ajv(AJV_OPTIONS);
  // The default export of a CommonJS module, which its types call differently than node does.
  (addFormats as unknown as (ajv: Ajv, formats: readonly string[]) => void)(ajv, ['date', 'ipv4', 'ipv6', 'uuid']);
  return (schema) => ajv.compile({ definitions: index.definitions, ...schema }) as Validator;
}
