// Makes the index of built-in kinds out of Kubernetes' own files. Pure: texts in, data out.
import { ToolError } from '../../lib/errors.ts';
import { asRecord, at, textAt } from '../model/object.ts';
import { type FieldEnum, type Lifecycle, apiVersionOf, parseEnums, parseGroup, parseLifecycles } from './go_sources.ts';
import { type SchemaIndex, kindKey } from './index_file.ts';
import { type JsonSchema, builtInSchema, definitionName } from './json_schema.ts';

/** The texts that {@link buildIndex} works on, each with its path for errors. */
export interface IndexSources {
  /** The go.mod that requires k8s.io/kubernetes. */
  readonly goMod: string;
  /** `api/openapi-spec/v3/*.json` of k8s.io/kubernetes. */
  readonly openApi: readonly SourceFile[];
  /** `zz_generated.prerelease-lifecycle.go` and `register.go` of each folder of k8s.io/api. */
  readonly apiTypes: readonly SourceFile[];
  /** `pkg/generated/openapi/zz_generated.openapi.go` of k8s.io/kubernetes. */
  readonly enums: string;
}

/** A file's path and text. */
export interface SourceFile {
  readonly path: string;
  readonly text: string;
}

const QUANTITY = 'io.k8s.apimachinery.pkg.api.resource.Quantity';
/** The grammar in Quantity's own description. */
const QUANTITY_PATTERN = '^[+-]?(\\d+\\.?\\d*|\\.\\d+)(n|u|m|k|[KMGTPE]i|[MGTPE]|[eE][+-]?\\d+)?$';
/** The API server's own records, of which nothing is generated. */
const WITHOUT_LIFECYCLE = 'internal.apiserver.k8s.io/';

/** The index. Throws SCHEMA_SOURCES_INVALID where the files are not those of one release, or of a new form. */
export function buildIndex(sources: IndexSources): SchemaIndex {
  const version = /\bk8s\.io\/kubernetes v(\d+\.\d+\.\d+)\b/.exec(sources.goMod)?.[1];
  if (version === undefined) throw invalid('go.mod requires no k8s.io/kubernetes');
  const definitions: Record<string, JsonSchema> = {};
  const kinds: Record<string, string> = {};
  for (const { path, text } of sources.openApi) {
    const document = parse(path, text);
    for (const [name, schema] of Object.entries(asRecord(at(document, 'components', 'schemas')) ?? {})) {
      definitions[name] ??= builtInSchema(schema);
    }
    Object.assign(kinds, createdKinds(document));
  }
  if (definitions[QUANTITY] === undefined) throw invalid(`there is no ${QUANTITY}`);
  definitions[QUANTITY] = { type: ['string', 'number'], pattern: QUANTITY_PATTERN };
  for (const one of parseEnums(sources.enums)) addEnum(definitions, one);
  const lifecycles = readLifecycles(sources.apiTypes);
  const isLasting = (kind: string) => !/\/v\d+(alpha|beta)\d+ /.test(kind) || kind.startsWith(WITHOUT_LIFECYCLE);
  const unknown = Object.keys(kinds).find((kind) => !isLasting(kind) && !(kind in lifecycles));
  if (unknown !== undefined) {
    throw invalid(`nothing says when ${unknown} goes; name its folder of k8s.io/api in tools/kubernetes_api_types.bzl`);
  }
  return { format: 1, version, kinds, definitions: reachable(definitions, Object.values(kinds)), lifecycles };
}

function invalid(what: string, cause?: unknown): ToolError {
  return new ToolError('SCHEMA_SOURCES_INVALID', `Indexing the schemas of Kubernetes: ${what}`, {
    cause,
    hint: 'Take all files from the modules of one go.mod; if that is so, their form is new: adapt tools/k8s/schema/build_index.ts.',
  });
}

function parse(path: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw invalid(`${path} is no JSON`, cause);
  }
}

/** The kinds that a document's paths create: those of POST to a collection, which is no part of another object. */
function createdKinds(document: unknown): Record<string, string> {
  const kinds: Record<string, string> = {};
  for (const [path, methods] of Object.entries(asRecord(at(document, 'paths')) ?? {})) {
    const post = at(methods, 'post');
    if (path.includes('{name}') || textAt(post, 'x-kubernetes-action') !== 'post') continue;
    const ref = textAt(at(post, 'requestBody', 'content', '*/*'), 'schema', '$ref');
    const [group, version, kind] = ['group', 'version', 'kind'].map((field) =>
      textAt(post, 'x-kubernetes-group-version-kind', field),
    );
    if (ref === undefined || group === undefined || version === undefined || kind === undefined) {
      throw invalid(`POST ${path} does not say what it creates`);
    }
    kinds[kindKey({ apiVersion: apiVersionOf(group, version), kind })] = definitionName(ref);
  }
  return kinds;
}

function addEnum(definitions: Record<string, JsonSchema>, { definition, field, isList, values }: FieldEnum): void {
  const schema = definitions[definition];
  const of = schema?.properties?.[field];
  if (schema === undefined || of === undefined || of.$ref !== undefined) return;
  const property = isList ? { ...of, items: { ...of.items, enum: values } } : { ...of, enum: values };
  definitions[definition] = { ...schema, properties: { ...schema.properties, [field]: property } };
}

function readLifecycles(files: readonly SourceFile[]): Record<string, Lifecycle> {
  const folder = (path: string) => path.slice(0, path.lastIndexOf('/'));
  const groups = new Map(
    files.map(({ path, text }) => [folder(path), parseGroup(text)] as const).filter(([, g]) => g !== undefined),
  );
  const found: Record<string, Lifecycle> = {};
  for (const { path, text } of files) {
    const group = groups.get(folder(path));
    const version = folder(path).slice(folder(path).lastIndexOf('/') + 1);
    for (const [kind, lifecycle] of parseLifecycles(text)) {
      if (group === undefined) throw invalid(`no register.go beside ${path} names its group`);
      if (kind.endsWith('List')) continue;
      found[kindKey({ apiVersion: apiVersionOf(group, version), kind })] = lifecycle;
    }
  }
  return found;
}

/** The definitions that some kinds are made of, and those of the metadata and types that custom kinds use. */
function reachable(all: Readonly<Record<string, JsonSchema>>, roots: readonly string[]): Record<string, JsonSchema> {
  const found: Record<string, JsonSchema> = {};
  const open = [...roots];
  for (let name = open.pop(); name !== undefined; name = open.pop()) {
    const schema = all[name];
    if (found[name] !== undefined) continue;
    if (schema === undefined) throw invalid(`there is no definition ${name}`);
    found[name] = schema;
    for (const [, ref = ''] of JSON.stringify(schema).matchAll(/"\$ref":"([^"]+)"/g)) open.push(definitionName(ref));
  }
  return Object.fromEntries(Object.entries(found).toSorted(([a], [b]) => (a < b ? -1 : 1)));
}
