import pc from 'picocolors';
import { runMain } from '../../../lib/cli.ts';
import { formatBytes } from '../../../lib/log.ts';

await runMain(async ({ argv }) => {
  process.stdout.write(`${pc.bold('hello')} ${argv.join(' ')} ${formatBytes(12345)}\n`);
});
