// What is run on the machine with the other Bazel, as data.
import { basename } from 'node:path';

/** How the workspace says what it needs. */
export type Mode = 'workspace' | 'modules';

/**
 * What is checked: the same digests, tests, the workspaces that load this repository, and that nothing is used that the
 * next versions of Bazel have no more.
 */
export type Part = 'images' | 'tests' | 'example' | 'next';

export const MODES: readonly Mode[] = ['workspace', 'modules'];
export const PARTS: readonly Part[] = ['images', 'tests', 'example', 'next'];

/** The module registry of the machine: see registry.ts. */
export const REGISTRY = '/var/lib/registry';

/** Where Debian's packages put Bazel and the rule sets that it loads. */
export const INSTALLED = '/usr/share/bazel';

/** Folders below INSTALLED of rule sets: a registry has them under the names in their MODULE.bazel. */
export const RULE_SETS = [
  'rules/cc',
  'rules/java',
  'rules/license',
  'rules/proto',
  'rules/python',
  'tools/features',
  'tools/platforms',
  'tools/skylib',
];

// What builds need, as in `./fathom`, and the rule sets that Bazel 7 loads for its own toolchains: Debian's packages of
// them, so that nothing is downloaded from elsewhere. A release that is not out yet has an index that may have expired.
export const INSTALL = [
  'echo \'Acquire::Check-Valid-Until "false";\' > /etc/apt/apt.conf.d/90expired',
  'apt-get update -qq',
  'DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends bazel-bootstrap bazel-skylib ca-certificates gcc git libc6-dev libseccomp-dev pkg-config python3 python3-pip zip > /dev/null',
  'bazel --version',
  // Its node comes with the npm that packages are fetched with.
  './fathom --help > /dev/null',
].join(' && ');

/**
 * Rules that Bazel 9 has no more, as far as Debian's rule sets do without. ProtoInfo has to stay, as 7.7's own rules are
 * made of it: but none of the module's libraries has that one, so that whatever asks for it finds none.
 */
const GONE = ['proto_lang_toolchain', 'proto_library'];

/**
 * What Bazel 8 and 9 do without being asked, as flags of 7.7: names of repositories, and what is no more. Most of Bazel's
 * own C++, Java, Python and shell rules stay, as the rule sets of Debian's packages are made of them: that nothing here uses
 * them without a `load`, but for one example, is what //tools/ci/lint says (`native-…`).
 */
const NEXT_FLAGS = [
  `--incompatible_autoload_externally=${GONE.map((symbol) => `-${symbol}`).join(',')}`,
  '--repo_env=FATHOM_PROTO_RULES=module',
  '--incompatible_check_visibility_for_toolchains',
  '--incompatible_config_setting_private_default_visibility',
  '--incompatible_disable_native_repo_rules',
  '--incompatible_disable_starlark_host_transitions',
  '--incompatible_disable_target_provider_fields',
  '--incompatible_disallow_empty_glob',
  '--incompatible_disallow_struct_provider_syntax',
  '--incompatible_struct_has_no_methods',
  '--incompatible_top_level_aspects_require_providers',
  '--incompatible_use_plus_in_repo_names',
];

const MODULE_FLAGS = [`--registry=file://${REGISTRY}`, '--lockfile_mode=off'];

const MODE_FLAGS: Readonly<Record<Mode | 'next', readonly string[]>> = {
  // Bazel 7 prefers MODULE.bazel.
  workspace: [
    '--noenable_bzlmod',
    '--enable_workspace',
    ...['cc', 'java', 'license', 'proto', 'python'].map(
      (name) => `--override_repository=rules_${name}=${INSTALLED}/rules/${name}`,
    ),
    `--override_repository=bazel_skylib=${INSTALLED}/tools/skylib`,
  ],
  modules: MODULE_FLAGS,
  next: [...MODULE_FLAGS, ...NEXT_FLAGS],
};

const FLAGS = [
  // What differs is looked for in the layers, which would stay in the cache otherwise.
  '--remote_download_outputs=all',
  '--color=no',
  '--curses=no',
  // A line a minute of what is going on there, whatever the terminal.
  '--show_progress_rate_limit=60',
];

/**
 * A command of Bazel there. Each mode has an output base of its own, else all repositories were fetched anew each time.
 * It warns of each npm package, which is a folder of sources, unless it may watch them.
 */
export function bazelThere(
  mode: Mode | 'next',
  verb: 'analyse' | 'build' | 'test',
  targets: readonly string[],
  folder = '.',
): string {
  const startup = `--output_base=/root/${folder === '.' ? mode : `${mode}-${basename(folder)}`}`;
  const words = [
    `bazel ${startup}`,
    '--host_jvm_args=-DBAZEL_TRACK_SOURCE_DIRECTORIES=1',
    ...(verb === 'analyse' ? ['build', '--nobuild', '--keep_going'] : [verb]),
    ...MODE_FLAGS[mode],
    ...FLAGS,
    ...(verb === 'test' ? ['--keep_going', '--test_output=errors'] : []),
    '--',
    ...targets,
  ];
  // A server that stays would keep its memory, and ends with the machine only.
  return `cd ${folder} && { ${words.join(' ')} || status=$?; bazel ${startup} shutdown; exit \${status:-0}; }`;
}

/** Of the list `items`, those that the user names, or all. Undefined where one is unknown. */
export function chosen<T extends string>(items: readonly T[], named: readonly string[]): readonly T[] | undefined {
  if (named.some((name) => !items.some((item) => item === name))) return undefined;
  return named.length === 0 ? items : items.filter((item) => named.includes(item));
}
