// Unpacks the browser: `unpack <folder of @sparticuz/chromium> <folder of dejavu-fonts-ttf> <output>`.
import { copyFile, mkdir, writeFile } from 'node:fs/promises';
import { createReadStream, createWriteStream } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createBrotliDecompress } from 'node:zlib';
import { extract } from 'tar-stream';
import { runMain } from '../lib/cli.ts';

/** Archives of the package; `al2023` has the libraries that the program links beside those of glibc. */
const ARCHIVES = ['al2023.tar.br', 'fonts.tar.br', 'swiftshader.tar.br'];

const FONTS = ['DejaVuSans', 'DejaVuSans-Bold', 'DejaVuSans-Oblique', 'DejaVuSansMono', 'DejaVuSansMono-Bold'];

/** Which font stands for which generic name; without it, pages would look as the machine's own fonts make them. */
const FONTS_CONF = `<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <dir prefix="relative">fonts</dir>
  <cachedir prefix="xdg">fontconfig</cachedir>
  ${(
    [
      ['sans-serif', 'Open Sans'],
      ['system-ui', 'Open Sans'],
      ['serif', 'Open Sans'],
      ['monospace', 'DejaVu Sans Mono'],
    ] as const
  )
    .map(([name, font]) => `<alias><family>${name}</family><prefer><family>${font}</family></prefer></alias>`)
    .join('\n  ')}
</fontconfig>
`;

/** Writes the files of an archive below `output`. */
async function unpackArchive(path: string, output: string): Promise<void> {
  const unpacked = extract();
  const written = (async () => {
    for await (const entry of unpacked) {
      const name = normalize(entry.header.name);
      const file = join(output, name);
      if (entry.header.type === 'file' && name !== 'fonts.conf') {
        await mkdir(dirname(file), { recursive: true });
        await pipeline(entry, createWriteStream(file, { mode: 0o755 }));
      } else entry.resume();
    }
  })();
  await Promise.all([pipeline(createReadStream(path), createBrotliDecompress(), unpacked), written]);
}

await runMain(async ({ argv: [chromium = '', fonts = '', output = ''] }) => {
  await mkdir(join(output, 'fonts'), { recursive: true });
  const program = createWriteStream(join(output, 'chromium'), { mode: 0o755 });
  await pipeline(createReadStream(join(chromium, 'bin/chromium.br')), createBrotliDecompress(), program);
  for (const archive of ARCHIVES) await unpackArchive(join(chromium, 'bin', archive), output);
  for (const font of FONTS) await copyFile(join(fonts, 'ttf', `${font}.ttf`), join(output, 'fonts', `${font}.ttf`));
  await writeFile(join(output, 'fonts.conf'), FONTS_CONF);
});
