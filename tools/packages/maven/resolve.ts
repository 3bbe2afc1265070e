// What Maven itself says of a list of artifacts: the documents that it is given, and those that it answers with.
import { ToolError } from '../../lib/errors.ts';
import { elements, elementText } from '../fetch/xml_text.ts';
import { type ArtifactName, artifactKey, parseCoordinate, type MavenWishes } from './lock_format.ts';

/** A POM that depends on all artifacts of a list. Throws MAVEN_COORDINATE_INVALID. */
export function pomOf(wishes: MavenWishes): string {
  const exclusions = Object.keys(wishes.without ?? {}).map((name) => {
    const [group = '', artifact = '*'] = name.split(':');
    return `<exclusion><groupId>${group}</groupId><artifactId>${artifact}</artifactId></exclusion>`;
  });
  const dependencies = wishes.artifacts.map((text) => {
    const parsed = parseCoordinate(text);
    if (parsed === undefined || !/^[\w.:-]+$/.test(text)) {
      throw new ToolError('MAVEN_COORDINATE_INVALID', `Reading the list: ${JSON.stringify(text)} is no coordinate`, {
        hint: 'Write it as "group:artifact:version".',
      });
    }
    const [group = '', artifact = '', type = 'jar', classifier] = parsed.name.split(':');
    return [
      `<dependency><groupId>${group}</groupId><artifactId>${artifact}</artifactId><version>${parsed.version}</version>`,
      `<type>${type}</type>`,
      ...(classifier === undefined ? [] : [`<classifier>${classifier}</classifier>`]),
      `<exclusions>${exclusions.join('')}</exclusions></dependency>`,
    ].join('');
  });
  return [
    '<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>',
    '<groupId>fathom</groupId><artifactId>pin</artifactId><version>1</version><packaging>pom</packaging>',
    `<dependencies>\n${dependencies.join('\n')}\n</dependencies></project>\n`,
  ].join('\n');
}

/** An artifact that Maven chose, and what it needs. */
export interface ResolvedArtifact extends ArtifactName {
  readonly version: string;
  /** Keys, sorted. */
  readonly depends: readonly string[];
}

/**
 * The artifacts of a verbose dependency tree in the form TGF, by key: nodes `id group:artifact:type[:classifier]:version:scope`,
 * those which lost to another in brackets, then `#`, then edges `from to scope`. The POM of {@link pomOf} is left out.
 */
export function readTree(tgf: string): ReadonlyMap<string, ResolvedArtifact> {
  const [nodeLines = '', edgeLines = ''] = tgf.split(/^#\s*$/m);
  const nodes = new Map<
    string,
    { readonly name: ArtifactName; readonly version: string; readonly isChosen: boolean }
  >();
  for (const line of nodeLines.split('\n').slice(1)) {
    const [, id = '', bracket, coordinate = ''] = /^(\S+) (\()?(\S+)/.exec(line) ?? [];
    const parts = coordinate.split(':');
    // The last word is the scope, the one before it the version.
    const version = parts.at(-2);
    const [group, artifact, type = 'jar', classifier] = parts.slice(0, -2);
    if (version === undefined || group === undefined || artifact === undefined) continue;
    const name = { group, artifact, type, ...(classifier === undefined ? {} : { classifier }) };
    nodes.set(id, { name, version, isChosen: bracket === undefined });
  }
  const depends = new Map<string, Set<string>>();
  for (const line of edgeLines.split('\n')) {
    const [from = '', to = ''] = line.split(' ');
    const [source, target] = [nodes.get(from), nodes.get(to)];
    if (source === undefined || target === undefined) continue;
    const key = artifactKey(source.name);
    depends.set(key, (depends.get(key) ?? new Set()).add(artifactKey(target.name)));
  }
  const resolved = new Map<string, ResolvedArtifact>();
  for (const { name, version, isChosen } of nodes.values()) {
    const key = artifactKey(name);
    if (isChosen) resolved.set(key, { ...name, version, depends: [] });
  }
  for (const [key, entry] of resolved) {
    const needed = [...(depends.get(key) ?? [])].filter((name) => resolved.has(name) && name !== key);
    resolved.set(key, { ...entry, depends: needed.sort() });
  }
  return resolved;
}

/** Where a repository has an artifact. */
export function artifactPath({ group, artifact, version, type, classifier }: ResolvedArtifact): string {
  const extension = type === 'test-jar' || type === 'bundle' || type === 'maven-plugin' ? 'jar' : type;
  const end = classifier === undefined ? '' : `-${classifier}`;
  return `${group.replaceAll('.', '/')}/${artifact}/${version}/${artifact}-${version}${end}.${extension}`;
}

/** Where a repository has a POM. */
export function pomPath({
  group,
  artifact,
  version,
}: Pick<ResolvedArtifact, 'group' | 'artifact' | 'version'>): string {
  return `${group.replaceAll('.', '/')}/${artifact}/${version}/${artifact}-${version}.pom`;
}

/** The licences that a POM names, joined by ` OR `; else its parent's, read through `readPom`; empty where none says. */
export async function licenseOf(
  pom: string,
  readPom: (path: string) => Promise<string | undefined>,
  depth = 0,
): Promise<string> {
  const licenses = elements(pom, 'licenses')[0];
  const names =
    licenses === undefined ? [] : elements(licenses, 'license').map((one) => elementText(one, 'name') ?? '');
  const known = names.filter((name) => name !== '').map((name) => name.replaceAll(/\s+/g, ' '));
  if (known.length > 0) return known.join(' OR ');
  const parent = elements(pom, 'parent')[0];
  if (parent === undefined || depth >= 16) return '';
  const [group, artifact, version] = ['groupId', 'artifactId', 'version'].map((name) => elementText(parent, name));
  if (group === undefined || artifact === undefined || version === undefined) return '';
  const text = await readPom(pomPath({ group, artifact, version }));
  return text === undefined ? '' : licenseOf(text, readPom, depth + 1);
}
