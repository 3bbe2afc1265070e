// The modules that a go.mod pins, with their hashes in go.sum.
import { coerce, compare } from 'semver';
import type { PinnedVersion, PinnedVersions } from './changes.ts';

/** `go mod edit -json`, the part of it that is read. */
interface GoMod {
  readonly Go?: string;
  readonly Require?: readonly { readonly Path: string; readonly Version: string }[] | null;
  readonly Replace?:
    | readonly {
        readonly Old: { readonly Path: string };
        readonly New: { readonly Path: string; readonly Version?: string };
      }[]
    | null;
}

/** Module → version and hash; a module that is replaced has its replacement's version. */
export function modulesOf(goModJson: string, goSum: string): PinnedVersions {
  const goMod = JSON.parse(goModJson) as GoMod;
  const hashes = new Map(
    goSum
      .split('\n')
      .map((line) => line.split(' '))
      .map(([path = '', version = '', hash = '']) => [`${path} ${version}`, hash]),
  );
  const replaced = new Map((goMod.Replace ?? []).map((one) => [one.Old.Path, one.New]));
  const all = (goMod.Require ?? []).map(({ Path: path, Version: required }): [string, PinnedVersion] => {
    const other = replaced.get(path);
    const version = other?.Version ?? required;
    return [path, { version, hash: hashes.get(`${other?.Path ?? path} ${version}`) ?? '' }];
  });
  return new Map([...all, ...(goMod.Go === undefined ? [] : [['go', { version: goMod.Go, hash: '' }] as const])]);
}

/** Go's versions are semantic ones with a `v` before them; its own (`1.26`) are short. */
export function compareGoVersions(a: string, b: string): number {
  const [left, right] = [a, b].map((version) =>
    version.startsWith('v') ? version : (coerce(version)?.version ?? version),
  );
  return compare(left ?? a, right ?? b);
}
