// Takes one file out of a Debian package: `deb_file_main PACKAGE.deb PATH OUTPUT`.
import { writeFile } from 'node:fs/promises';
import { runMain } from '../lib/cli.ts';
import { ToolError } from '../lib/errors.ts';
import { readContent } from '../oci/layer/content.ts';
import { readDeb } from '../oci/layer/deb.ts';

await runMain(async ({ argv }) => {
  const [deb = '', path = '', output = ''] = argv;
  const { entries } = await readDeb({ path: deb, spool: `${output}.spool`, origin: deb });
  const entry = entries.find((candidate) => candidate.path === path);
  if (entry?.kind !== 'file') {
    throw new ToolError('DEB_FILE_MISSING', `Reading ${path} from ${deb}: it has no such file`, {
      hint: 'List what it has with `dpkg -c`, and correct the attribute path.',
    });
  }
  await writeFile(output, readContent(entry.content), { mode: 0o755 });
});
