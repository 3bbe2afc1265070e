// The commands that make a plain Debian in a folder, and run others in it.
import { existsSync } from 'node:fs';
import { basename, join } from 'node:path';

/** One program to run; all are pure data until fresh_machine_main.ts runs them. */
export interface Step {
  readonly what: string;
  readonly command: readonly [string, ...string[]];
  readonly timeoutMs: number;
}

/** A Debian in a folder. */
export interface Machine {
  /** An empty folder that becomes the root of the file system. */
  readonly root: string;
  /** The Debian release, `bookworm`. */
  readonly suite: string;
  /** Where its packages come from; the host's own apt configuration says. */
  readonly mirror: string;
  readonly workspace: string;
  /** A folder that becomes the machine's cache, so that nothing is compiled twice. Default: none, as on a new machine. */
  readonly cache?: string;
  /** Default: that of the process. */
  readonly env?: Readonly<Record<string, string | undefined>>;
}

// What a machine needs to reach its package registries is its owner's; the chroot gets the same.
const NETWORK_FILES = [
  '/etc/resolv.conf',
  '/etc/hosts',
  '/etc/pip.conf',
  '/root/.npmrc',
  '/etc/ssl/certs/ca-certificates.crt',
  '/usr/local/share/ca-certificates',
];

// Likewise the variables by which programs find the machine's own certificates.
const NETWORK_VARIABLES = ['NODE_EXTRA_CA_CERTS', 'SSL_CERT_FILE', 'PIP_CERT', 'GOPROXY', 'GOSUMDB'];

// $0 is the folder, $1 the cache or '', the rest what to run. The folder becomes the root of a mount namespace: in a mere
// chroot a process that enters a container's namespace by setns sees the root of the host, so that no exec probe works.
const ENTER = [
  'mount --make-rprivate /',
  'mount --bind "$0" "$0"',
  'cd "$0"',
  'mount -t proc proc proc',
  'mount --rbind /sys sys',
  'mount --rbind /dev dev',
  'if [ -n "$1" ]; then mkdir -p "$1" root/.cache/fathom; mount --bind "$1" root/.cache/fathom; fi',
  'mkdir -p .host',
  'pivot_root . .host',
  'cd /',
  '/.host/usr/bin/umount --lazy /.host',
  'rmdir .host',
  'shift',
  'exec "$@"',
].join('\n');

const MINUTE_MS = 60_000;

/** A step that runs in the clone, in namespaces of its own: what it leaves behind ends with them. */
export function machineStep(machine: Machine, command: string, timeoutMs = 120 * MINUTE_MS): Step {
  const { root, cache = '', env = process.env } = machine;
  return {
    what: command,
    command: [
      'unshare',
      '--mount',
      '--pid',
      '--fork',
      '--kill-child',
      'sh',
      '-euc',
      ENTER,
      root,
      cache,
      '/usr/bin/env',
      '-i',
      'HOME=/root',
      'PATH=/usr/sbin:/usr/bin:/sbin:/bin',
      'TERM=dumb',
      'LANG=C.UTF-8',
      // It shares the host's network, where a cluster is known by the path of its state.
      `FATHOM_STATE=/var/lib/${basename(root)}`,
      ...NETWORK_VARIABLES.flatMap((name) => (env[name] === undefined ? [] : [`${name}=${env[name]}`])),
      'sh',
      '-euc',
      `cd /src && ${command}`,
    ],
    timeoutMs,
  };
}

/** The steps that make a machine with a clone of the workspace in /src. */
export function machineSteps({ root, suite, mirror, workspace }: Machine): readonly Step[] {
  return [
    // By itself, as it is unshare that would not find it below, and could only say so by its status.
    { what: 'Looking for debootstrap', command: ['debootstrap', '--version'], timeoutMs: MINUTE_MS },
    {
      what: `Installing a plain ${suite}`,
      // It mounts /proc there, of which the host shall keep nothing: the folder could not be removed.
      command: [
        'unshare',
        '--mount',
        'debootstrap',
        '--variant=minbase',
        suite,
        root,
        mirror,
        debootstrapScript(suite),
      ],
      timeoutMs: 15 * MINUTE_MS,
    },
    // A folder for scratch is its owner's alone; a file system has a root that everybody may enter, such as a pod that
    // looks at its node and is not root.
    { what: 'Opening its root to all', command: ['chmod', '0755', root], timeoutMs: MINUTE_MS },
    ...NETWORK_FILES.map((file): Step => ({
      what: `Copying ${file}`,
      command: [
        'sh',
        '-euc',
        '[ ! -e "$0" ] || { mkdir -p "$(dirname "$1")"; cp -r "$0" "$1"; }',
        file,
        join(root, file),
      ],
      timeoutMs: MINUTE_MS,
    })),
    {
      what: 'Cloning the repository',
      command: ['git', 'clone', '--quiet', workspace, join(root, 'src')],
      timeoutMs: 5 * MINUTE_MS,
    },
  ];
}

/** The steps that bring the clone on a machine that was made before to the commit that the workspace is at. */
export function renewSteps({ root, workspace }: Pick<Machine, 'root' | 'workspace'>): readonly Step[] {
  const git = (what: string, ...args: string[]): Step => ({
    what,
    command: ['git', '-C', join(root, 'src'), ...args],
    timeoutMs: 5 * MINUTE_MS,
  });
  return [
    git('Fetching the newest commit', 'fetch', '--quiet', workspace, 'HEAD'),
    git('Checking it out', 'reset', '--quiet', '--hard', 'FETCH_HEAD'),
    git('Removing what is of an older one', 'clean', '-fdq'),
  ];
}

/** The script for a release; those that are newer than the host's debootstrap are made like sid. */
function debootstrapScript(suite: string): string {
  const script = (name: string) => `/usr/share/debootstrap/scripts/${name}`;
  return existsSync(script(suite)) ? script(suite) : script('sid');
}

/** The mirror of the host's own apt sources that serves Debian's main archive, or undefined. */
export function debianMirror(sources: string): string | undefined {
  const uris = [...sources.matchAll(/^(?:URIs:\s*|deb\s+(?:\[[^\]]*\]\s+)?)(https?:\/\/\S+)/gm)].map(
    (match) => match[1] ?? '',
  );
  return uris.find((uri) => !/security/.test(uri));
}
