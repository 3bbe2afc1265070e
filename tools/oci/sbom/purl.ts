// Package URLs: one name for a package, whatever registry it is of. https://github.com/package-url/purl-spec
import { PackageURL } from 'packageurl-js';
import type { Digest } from '../../lib/digest.ts';
import type { PackageRecord } from '../layer/package_record.ts';

/** The package URL of a package: `pkg:deb/debian/libc6@2.41-12?arch=amd64`. */
export function packageUrl(record: PackageRecord): string {
  const { namespace, name } = nameParts(record);
  const qualifiers =
    record.type === 'deb' && record.architecture !== undefined ? { arch: record.architecture } : undefined;
  return new PackageURL(record.type, namespace, name, record.version, qualifiers, undefined).toString();
}

/** The package URL of an image: `pkg:oci/server@sha256:…?repository_url=…`. */
export function imageUrl(repository: string, digest: Digest): string {
  const name = repository.slice(repository.lastIndexOf('/') + 1);
  return new PackageURL('oci', undefined, name, digest, { repository_url: repository }, undefined).toString();
}

/** Where a registry's name has several parts, a package URL has all but the last as its namespace. */
function nameParts({ type, name }: PackageRecord): { readonly namespace: string | undefined; readonly name: string } {
  if (type === 'deb') return { namespace: 'debian', name };
  const separator = type === 'maven' ? ':' : '/';
  const at = name.lastIndexOf(separator);
  return at < 0 ? { namespace: undefined, name } : { namespace: name.slice(0, at), name: name.slice(at + 1) };
}
