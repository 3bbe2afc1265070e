// What k8s_manifests_test runs: `report REPORT`. Fails when there are findings.
import { readFile, writeFile } from 'node:fs/promises';
import { runMain } from '../../lib/cli.ts';
import { type Report, reportJunit, reportText } from './report.ts';

await runMain(async ({ argv, env }) => {
  // Written by the check's action, so its form is known.
  const report = JSON.parse(await readFile(argv[0] ?? '', 'utf8')) as Report;
  process.stdout.write(reportText(report));
  const junit = env['XML_OUTPUT_FILE'];
  if (junit !== undefined && junit !== '') await writeFile(junit, await reportJunit(report));
  return report.findings.length === 0 ? 0 : 1;
});
