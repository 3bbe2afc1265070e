// Stage 0: the hub of a Maven lock.
import { ToolError } from '../../lib/errors.ts';
import { type MavenLock, type MavenWishes, parseCoordinate } from '../maven/lock_format.ts';
import type { HubPackage } from './hub_files.ts';
import { checkAgainstList, type Wanted } from './lock_file.ts';

/** The artifacts. Throws LOCK_STALE, MAVEN_COORDINATE_INVALID. */
export function mavenHub(
  lock: MavenLock,
  list: MavenWishes | undefined,
  { name, shown }: { readonly name: string; readonly shown: string },
): readonly HubPackage[] {
  if (list !== undefined) {
    const wanted = wantedArtifacts(list, shown);
    const without = Object.keys(list.without ?? {});
    checkAgainstList({ wanted, without, packages: lock.artifacts, shown, pin: 'maven_pin' });
  }
  return Object.entries(lock.artifacts).map(([key, { version, path, sha256, license, depends }]) => {
    const target = targetName(key);
    const attributes = { coordinates: key, version, path, sha256, license };
    return { key, target, depends, archives: [{ repository: `${name}_${target}`, attributes }] };
  });
}

/** The artifacts that a list names. Throws MAVEN_COORDINATE_INVALID. */
export function wantedArtifacts(list: MavenWishes, shown: string): readonly Required<Wanted>[] {
  return list.artifacts.map((text) => {
    const parsed = parseCoordinate(text);
    if (parsed !== undefined) return parsed;
    throw new ToolError('MAVEN_COORDINATE_INVALID', `Reading ${shown}: ${JSON.stringify(text)} is no coordinate`, {
      hint: 'Write it as "group:artifact:version".',
    });
  });
}

/** `org.slf4j:slf4j-api` as a target: `org_slf4j_slf4j_api`. */
function targetName(key: string): string {
  return key.replaceAll(/[^A-Za-z0-9]/g, '_');
}
