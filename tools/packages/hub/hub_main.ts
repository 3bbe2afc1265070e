// Stage 0: run by the repository rules of hubs in the repository's folder: `node hub_main.ts '<request as JSON>'`.
// A module extension asks without `rules`, for what it has to declare.
import { writeFileSync } from 'node:fs';
import { runMain } from '../../lib/cli.ts';
import { ToolError } from '../../lib/errors.ts';
import type { DebianLock, DebianWishes } from '../debian/lock_format.ts';
import type { MavenLock, MavenWishes } from '../maven/lock_format.ts';
import type { PypiLock, PypiWishes } from '../pypi/lock_format.ts';
import { debianHub } from './debian_hub.ts';
import { archivesOf, failingHub, type HubPackage, type HubRules, hubFiles } from './hub_files.ts';
import { checkLockVersion, readJsonFile } from './lock_file.ts';
import { mavenHub } from './maven_hub.ts';
import { pypiHub } from './pypi_hub.ts';

/** What a repository rule asks for. */
interface Request {
  readonly kind: 'debian' | 'maven' | 'pypi';
  readonly name: string;
  /** Paths; `list` is empty where only the lock is there. */
  readonly lock: string;
  readonly list: string;
  /** The lock's label. */
  readonly shown: string;
  readonly rules?: HubRules;
  readonly architecture: string;
  readonly mirrors: readonly string[];
  readonly settings: string;
}

await runMain(async ({ argv }) => {
  const request = JSON.parse(argv[0] ?? 'null') as Request;
  const { rules } = request;
  if (rules === undefined) process.stdout.write(JSON.stringify(archivesOf(readPackages(request))));
  else for (const [path, content] of readHub(request, rules)) writeFileSync(path, content);
});

/** A lock that does not match its list fails what asks for its packages, not the workspace: pinning must still build. */
function readHub(request: Request, rules: HubRules): ReadonlyMap<string, string> {
  try {
    return hubFiles(readPackages(request), rules);
  } catch (error) {
    if (!(error instanceof ToolError) || error.code !== 'LOCK_STALE') throw error;
    return failingHub(hubFiles(readPackages({ ...request, list: '' }), rules), error);
  }
}

function readPackages(request: Request): readonly HubPackage[] {
  const { kind, shown } = request;
  const lock = readJsonFile(request.lock, shown);
  checkLockVersion(lock, shown, `${kind}_pin`);
  const list = request.list === '' ? undefined : readJsonFile(request.list, request.list);
  switch (kind) {
    case 'debian':
      return debianHub(lock as DebianLock, list as DebianWishes | undefined, request);
    case 'maven':
      return mavenHub(lock as MavenLock, list as MavenWishes | undefined, request);
    case 'pypi':
      return pypiHub(lock as PypiLock, list as PypiWishes | undefined, request);
  }
}
