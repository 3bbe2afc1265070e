// What pages leave to their readers, and the runner puts in its place.

/** What a page calls something → what it is called here. */
export interface StandIn {
  readonly page: string;
  readonly written: string;
  readonly run: string;
}

/** The person that pages are about: the namespace `ada` is theirs. */
export const PERSON = 'ada';

/** Pages that start a cluster of their own, and take it away. */
export const OWN_CLUSTER: ReadonlySet<string> = new Set(['docs/guides/run_your_own_cluster.md']);

/** Commands that serve until somebody stops them. */
export const SERVES = / port-forward | --follow\b|^\.\/fathom open\b/;

export const STAND_INS: readonly StandIn[] = [
  { page: 'docs/deploys.md', written: '//services/x:', run: '//services/routeguide/server:' },
  { page: 'docs/gitops.md', written: 'ssh://git@example.com/deploy.git', run: '"$PAGE_FOLDER/deploy.git"' },
  { page: 'docs/images.md', written: '//services/x:', run: '//services/routeguide/server:' },
  { page: 'docs/images.md', written: '//services/y:', run: '//services/routeguide/client:' },
  { page: 'docs/services.md', written: '//services/server:', run: '//services/routeguide/server:' },
];

/** Commands that must have been run before a page, by page: what it takes to be there. */
export const BEFORE: Readonly<Record<string, readonly string[]>> = {
  // What `./fathom up` deploys.
  'README.md': ['bazel run //services/routeguide/client:myns-deep.apply'],
  // With what it depends on: it is not ready without.
  'docs/deploys.md': ['bazel run //services/routeguide/server:myns-deep.apply'],
  'docs/gitops.md': ['git init --quiet --bare --initial-branch=main "$PAGE_FOLDER/deploy.git"'],
  'docs/kit.md': [
    'bazel run //tools/new:service -- --name=greeter --no-goldens',
    // What the client of the page calls.
    `sed -i 's|^        "//services/kit",|        "//proto/routeguide/v1:route_guide_ts",\\n&|' services/greeter/BUILD.bazel`,
  ],
};

/** Exit codes that commands end with when all is well, where it is not 0 alone. */
export function passes(command: string): readonly number[] {
  // `.diff` tells by 1 that there is a difference: docs/deploys.md, docs/images.md; the status of a cluster, that somebody
  // should look: docs/dashboards.md.
  return /^bazel run (\S+\.diff\b|\/\/prod:status(?: |$))/.test(command) ? [0, 1] : [0];
}

/** A command as it is run here. */
export function asRun(page: string, command: string): string {
  return STAND_INS.filter((one) => one.page === page).reduce(
    (text, { written, run }) => text.replaceAll(written, run),
    command,
  );
}
