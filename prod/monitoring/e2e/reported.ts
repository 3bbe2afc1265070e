// What `bazel run //prod:status` says of monitoring itself, for tests that hold a new cluster against it.

/** Lines of the report as they are where monitoring is as it should be. */
const SOUND: readonly RegExp[] = [
  /^targets: [1-9]\d* up, 0 down$/,
  /^monitors that select nothing: 0$/,
  /^rules: [1-9]\d* good, 0 failing$/,
  /^rules that Prometheus does not have: 0$/,
  /^dashboards: [1-9]\d*, 0 with faults$/,
  /^panels that fail, or have too many series: 0$/,
];

/** What of these it lacks. */
export function unsoundIn(report: string): readonly string[] {
  const lines = report.split('\n');
  return SOUND.filter((line) => !lines.some((one) => line.test(one))).map(({ source }) => source);
}

/**
 * What says how the machine does: alerts that are critical, and budgets that are spent. A busy one that has just started
 * may have some of both, and nothing is wrong with monitoring.
 */
export function urgentIn(report: string): readonly string[] {
  return report.split('\n').filter((line) => /^  (critical |\S+\/\S+ \S+: (0|-[\d.]+)% left of )/.test(line));
}
