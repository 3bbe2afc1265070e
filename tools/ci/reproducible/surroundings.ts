// What two builds of one checkout do not have in common: folders, HOME, PATH, user, umask, locale and time zone.
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { access, constants, copyFile, mkdir, readdir, realpath, symlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';

/** How one of the builds differs from the other. */
export interface Surroundings {
  readonly name: string;
  /** The checkout, below the build's own folder. */
  readonly folder: string;
  readonly umask: number;
  readonly timeZone: string;
  readonly locale: string;
  /** Who builds, where root starts it: a user id, and the name in USER. Default: whoever starts it. */
  readonly user?: { readonly uid: number; readonly name: string };
  /** Whether PATH is one folder of links to programs, instead of the caller's. Default: no. */
  readonly linkedPath?: boolean;
}

/** Another folder depth, umask, time zone and locale; own HOME, Go cache, output base and repositories each. */
export const SURROUNDINGS: readonly [Surroundings, Surroundings] = [
  { name: 'a', folder: 'src', umask: 0o022, timeZone: 'UTC', locale: 'C.UTF-8' },
  { name: 'b', folder: 'a/deeper/folder/src', umask: 0o077, timeZone: 'Pacific/Auckland', locale: 'C' },
];

/** Where packages come from is the user's to say, also for a build with another home: below HOME. */
const SETTINGS = ['.npmrc', '.config/go/env', '.config/pip/pip.conf', '.m2/settings.xml'];

/** Makes the home of a build below `folder`, gives all of it to the build's user, and returns the environment. */
export async function settle(
  surroundings: Surroundings,
  folder: string,
  env: NodeJS.ProcessEnv,
): Promise<NodeJS.ProcessEnv> {
  const home = join(folder, 'home');
  await mkdir(home, { recursive: true });
  for (const setting of SETTINGS) {
    const source = join(env['HOME'] ?? '', setting);
    if (!existsSync(source)) continue;
    await mkdir(dirname(join(home, setting)), { recursive: true });
    // The copy has the mode of the original: there may be a login in it.
    await copyFile(source, join(home, setting));
  }
  const path = surroundings.linkedPath === true ? await linkPrograms(join(folder, 'programs'), env) : env['PATH'];
  const user = userOf(surroundings);
  if (user !== undefined) await promisify(execFile)('chown', ['-R', String(user.uid), folder]);
  const inherited = Object.fromEntries(
    Object.entries(env).filter(([name]) => !/^(BUILD_|RUNFILES|XDG_|FATHOM_|GO|TEST_)/.test(name)),
  );
  return {
    ...inherited,
    HOME: home,
    PATH: path,
    ...(user === undefined ? {} : { USER: user.name, LOGNAME: user.name }),
    GOCACHE: join(home, 'go-build'),
    GOMODCACHE: join(home, 'go-mod'),
    GOFLAGS: '-modcacherw',
    FATHOM_CACHE: join(home, 'cache'),
    TZ: surroundings.timeZone,
    LANG: surroundings.locale,
    LC_ALL: surroundings.locale,
  };
}

/** The user that builds, if it is another one than runs this: only root can become somebody else. */
export function userOf({ user }: Surroundings): { readonly uid: number; readonly name: string } | undefined {
  return process.getuid?.() === 0 ? user : undefined;
}

/** Links every program of PATH into one folder, the first of a name; what is in HOME is the caller's own. */
async function linkPrograms(folder: string, env: NodeJS.ProcessEnv): Promise<string> {
  await mkdir(folder, { recursive: true });
  const own = `${await realpath(env['HOME'] ?? '/').catch(() => '/')}/`;
  for (const from of (env['PATH'] ?? '').split(':').filter((path) => path.startsWith('/'))) {
    for (const name of await readdir(from).catch(() => [])) {
      const program = join(from, name);
      const real = await realpath(program).catch(() => undefined);
      if (real === undefined || real.startsWith(own) || existsSync(join(folder, name))) continue;
      if (await access(real, constants.X_OK).catch(() => 'not a program')) continue;
      await symlink(program, join(folder, name));
    }
  }
  return folder;
}
