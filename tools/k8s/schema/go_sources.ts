// What only Kubernetes' generated Go code says of its APIs: when each version of a kind came, is deprecated and goes, and
// which texts a field takes. Both are written by code generators, in a form that is the same in every file.

/** A release of Kubernetes: major and minor. */
export type Release = readonly [major: number, minor: number];

/** The life of one version of a kind (k8s.io/api, `zz_generated.prerelease-lifecycle.go`). */
export interface Lifecycle {
  readonly introduced?: Release;
  readonly deprecated?: Release;
  /** The first release that no longer serves it. */
  readonly removed?: Release;
  /** What to use instead. */
  readonly replacement?: { readonly apiVersion: string; readonly kind: string };
}

/** The lifecycles in one file, by kind; empty for a file of another form. */
export function parseLifecycles(text: string): ReadonlyMap<string, Lifecycle> {
  const found = new Map<string, Lifecycle>();
  const release =
    /^func \(in \*(\w+)\) APILifecycle(Introduced|Deprecated|Removed)\(\) \(major, minor int\) \{\s+return (\d+), (\d+)\s+\}/gm;
  for (const [, kind = '', event = '', major, minor] of text.matchAll(release)) {
    found.set(kind, { ...found.get(kind), [event.toLowerCase()]: [Number(major), Number(minor)] });
  }
  const replacement =
    /^func \(in \*(\w+)\) APILifecycleReplacement\(\) schema\.GroupVersionKind \{\s+return schema\.GroupVersionKind\{Group: "([^"]*)", Version: "([^"]+)", Kind: "([^"]+)"\}\s+\}/gm;
  for (const [, of = '', group = '', version = '', kind = ''] of text.matchAll(replacement)) {
    found.set(of, { ...found.get(of), replacement: { apiVersion: apiVersionOf(group, version), kind } });
  }
  return found;
}

/** The API group that a `register.go` names; undefined where it names none. */
export function parseGroup(text: string): string | undefined {
  return /^const GroupName = "([^"]*)"$/m.exec(text)?.[1];
}

/** `apps/v1`, or `v1` for the core group. */
export function apiVersionOf(group: string, version: string): string {
  return group === '' ? version : `${group}/${version}`;
}

/** The texts that a field, or each item of a list, takes. */
export interface FieldEnum {
  /** The definition, as OpenAPI calls it: `io.k8s.api.core.v1.ContainerPort`. */
  readonly definition: string;
  readonly field: string;
  /** Whether the texts are those of a list's items. */
  readonly isList: boolean;
  readonly values: readonly string[];
}

/** The enumerations of `pkg/generated/openapi/zz_generated.openapi.go`: the published OpenAPI files leave them out. */
export function parseEnums(text: string): readonly FieldEnum[] {
  const definitions = new Map<string, string>();
  for (const [, path = '', name = '', made = ''] of text.matchAll(
    /^\t\t"([\w./-]+)\.(\w+)": +(schema_\w+)\(ref\),$/gm,
  )) {
    definitions.set(made, openApiName(path, name));
  }
  const found: FieldEnum[] = [];
  let definition: string | undefined;
  let field = '';
  let isList = false;
  for (const line of text.split('\n')) {
    const start = /^func (schema_\w+)\(/.exec(line);
    const property = /^\t{5}"([^"]+)": \{$/.exec(line);
    if (start !== null) definition = definitions.get(start[1] ?? '');
    if (property !== null) [field, isList] = [property[1] ?? '', false];
    if (/^\t{7}Items: /.test(line)) isList = true;
    const values = /^(\t{7,})Enum: +\[\]interface\{\}\{(.*)\},$/.exec(line);
    if (values === null || definition === undefined) continue;
    // Deeper than the field itself: of its items, or of a map's values, which no kind has so far.
    if (values[1]?.length === 7 || isList) {
      found.push({ definition, field, isList, values: JSON.parse(`[${values[2] ?? ''}]`) as string[] });
    }
  }
  return found;
}

/** `k8s.io/api/core/v1`, `Pod` → `io.k8s.api.core.v1.Pod`. */
function openApiName(path: string, name: string): string {
  const [host = '', ...parts] = path.split('/');
  return [...host.split('.').reverse(), ...parts, name].join('.');
}
