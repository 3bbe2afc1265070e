// What a machine must have before Bazel runs: programs, and the Debian packages that bring them.
import { accessSync, constants, existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** A program or file that is needed, and the package of Debian that has it. */
export interface Prerequisite {
  readonly what: string;
  readonly package: string;
  /** Why it is needed: what a user reads in `./fathom doctor`. */
  readonly why: string;
  readonly present: (env: Readonly<Record<string, string | undefined>>) => boolean;
}

/** The file of a program on PATH, or undefined. */
export function onPath(program: string, env: Readonly<Record<string, string | undefined>>): string | undefined {
  for (const folder of (env['PATH'] ?? '').split(delimiter)) {
    const file = join(folder, program);
    try {
      accessSync(file, constants.X_OK);
      return file;
    } catch {
      // The next one.
    }
  }
  return undefined;
}

function program(name: string, packageName: string, why: string): Prerequisite {
  return {
    what: name,
    package: packageName,
    why,
    present: (env) => onPath(name, { PATH: `${env['PATH'] ?? ''}:/usr/sbin:/sbin` }) !== undefined,
  };
}

function file(path: string, packageName: string, why: string): Prerequisite {
  return { what: path, package: packageName, why, present: () => existsSync(path) };
}

const BAZEL: Prerequisite = {
  what: 'bazel or bazelisk',
  package: 'bazel-bootstrap',
  why: 'builds everything',
  present: (env) => onPath('bazel', env) !== undefined || onPath('bazelisk', env) !== undefined,
};

/** What building takes, whoever runs the cluster. */
export const BUILD_PREREQUISITES: readonly Prerequisite[] = [
  BAZEL,
  program('git', 'git', 'tells which files are part of the checkout'),
  program('python3', 'python3', 'runs pip'),
  file('/usr/lib/python3/dist-packages/pip', 'python3-pip', 'fetches the pinned Go and protoc'),
];

/** Everything that `./fathom up` installs where it is missing, for a cluster of its own. */
export const PREREQUISITES: readonly Prerequisite[] = [
  ...BUILD_PREREQUISITES,
  program('gcc', 'gcc', 'builds runc'),
  file('/usr/include/stdlib.h', 'libc6-dev', 'builds runc'),
  file('/usr/include/seccomp.h', 'libseccomp-dev', 'builds runc with seccomp'),
  program('pkg-config', 'pkg-config', 'builds runc with seccomp'),
  program('ip', 'iproute2', "makes the node's link"),
  program('iptables', 'iptables', 'routes services inside the node'),
  program('nft', 'nftables', 'enforces network policies inside the node'),
  program('mount', 'mount', "makes the node's mounts"),
  program('unshare', 'util-linux', "makes the node's namespaces"),
];

/** What tests need besides. */
export const TEST_PREREQUISITES: readonly Prerequisite[] = [
  program('zip', 'zip', 'keeps what tests leave behind, such as screenshots; Bazel 7 fails without'),
];

/** What `./fathom test --full` needs besides. */
export const FULL_PREREQUISITES: readonly Prerequisite[] = [
  program('debootstrap', 'debootstrap', 'makes a plain Debian in a folder, to try the first start in'),
];

/** Those of `wanted` that are missing. pip may also be there in another way than Debian's. */
export function missing(
  wanted: readonly Prerequisite[],
  env: Readonly<Record<string, string | undefined>>,
  hasPip: () => boolean,
): readonly Prerequisite[] {
  return wanted.filter((one) => !one.present(env) && !(one.package === 'python3-pip' && hasPip()));
}

/** The Bazel to run: bazelisk where there is one (it takes the version of .bazeliskrc), else bazel. */
export function bazelProgram(env: Readonly<Record<string, string | undefined>>): string {
  return env['FATHOM_BAZEL'] ?? onPath('bazelisk', env) ?? onPath('bazel', env) ?? 'bazel';
}
