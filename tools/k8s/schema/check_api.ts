// Whether a cluster serves an object's kind in its version, and for how long.
import { nearest } from '../../lib/nearest.ts';
import type { KubeObject } from '../model/object.ts';
import type { Catalog } from './catalog.ts';
import type { Problem } from './finding.ts';
import type { Lifecycle, Release } from './go_sources.ts';
import { kindKey } from './index_file.ts';

/** Kinds and versions that are unknown, gone or going; `version` is the cluster's release, `1.34`. */
export function checkApi(object: KubeObject, catalog: Catalog, version: string): Problem[] {
  const { apiVersion, kind } = object;
  const release = parseRelease(version);
  const life = catalog.lifecycles[kindKey(object)];
  const known = catalog.find(object);
  const name = `${apiVersion} ${kind}`;
  if (life?.removed !== undefined && isReached(life.removed, release)) {
    return [
      atVersion(
        'MANIFEST_API_REMOVED',
        `Kubernetes ${text(life.removed)} removed ${name}; this is ${version}`,
        insteadOf(object, catalog, life),
      ),
    ];
  }
  if (known === undefined) return [unknown(object, catalog)];
  if (life?.introduced !== undefined && !isReached(life.introduced, release)) {
    return [
      atVersion(
        'MANIFEST_UNKNOWN_VERSION',
        `Kubernetes ${text(life.introduced)} brings ${name}; this is ${version}`,
        'Use what the cluster has, or a newer one.',
      ),
    ];
  }
  if (known.deprecation !== undefined) {
    return [atVersion('MANIFEST_API_DEPRECATED', known.deprecation, insteadOf(object, catalog, undefined))];
  }
  if (life?.deprecated !== undefined && isReached(life.deprecated, release)) {
    const end = life.removed === undefined ? '' : ` and goes with ${text(life.removed)}`;
    return [
      atVersion(
        'MANIFEST_API_DEPRECATED',
        `${name} is deprecated since Kubernetes ${text(life.deprecated)}${end}`,
        insteadOf(object, catalog, life),
      ),
    ];
  }
  return [];
}

function atVersion(code: Problem['code'], message: string, hint: string): Problem {
  return { code, path: ['apiVersion'], message, hint };
}

/** `1.34.4` → [1, 34]. */
export function parseRelease(version: string): Release {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return [major, minor];
}

function isReached([major, minor]: Release, [ofMajor, ofMinor]: Release): boolean {
  return ofMajor > major || (ofMajor === major && ofMinor >= minor);
}

function text([major, minor]: Release): string {
  return `${major}.${minor}`;
}

/** Other versions in which a kind is served, the stable ones first. */
function versionsOf(kind: string, catalog: Catalog): readonly string[] {
  const isBeta = (version: string) => Number(/(alpha|beta)\d+$/.test(version));
  return catalog
    .keys()
    .filter((key) => key.endsWith(` ${kind}`))
    .map((key) => key.slice(0, key.indexOf(' ')))
    .toSorted((a, b) => isBeta(a) - isBeta(b));
}

function insteadOf(object: KubeObject, catalog: Catalog, life: Lifecycle | undefined): string {
  const { replacement } = life ?? {};
  if (replacement !== undefined) {
    const kind = replacement.kind === object.kind ? '' : ` and kind: ${replacement.kind}`;
    return `Write apiVersion: ${replacement.apiVersion}${kind}, whose fields may differ.`;
  }
  const [other] = versionsOf(object.kind, catalog).filter((version) => version !== object.apiVersion);
  return other === undefined
    ? 'Do without it: there is no other version. https://kubernetes.io/docs/reference/using-api/deprecation-guide/ tells more.'
    : `Write apiVersion: ${other}, whose fields may differ.`;
}

function unknown(object: KubeObject, catalog: Catalog): Problem {
  const { apiVersion, kind } = object;
  const versions = versionsOf(kind, catalog);
  if (versions.length > 0) {
    const meant = nearest(apiVersion, versions) ?? '';
    return atVersion(
      'MANIFEST_UNKNOWN_VERSION',
      `nobody serves ${kind} as '${apiVersion}'; known are ${versions.join(', ')}`,
      `Write apiVersion: ${meant}.`,
    );
  }
  const ofVersion = catalog
    .keys()
    .filter((key) => key.startsWith(`${apiVersion} `))
    .map((key) => key.slice(apiVersion.length + 1));
  const kinds = ofVersion.length > 0 ? ofVersion : catalog.keys().map((key) => key.slice(key.indexOf(' ') + 1));
  const meant = nearest(kind, kinds);
  return {
    code: 'MANIFEST_UNKNOWN_KIND',
    path: ['kind'],
    message: `nobody serves '${apiVersion}' ${kind}; the nearest kind is '${meant}'`,
    hint: `Write kind: ${meant}, or, for a custom kind, name its CustomResourceDefinition in crds.`,
  };
}
