// A Debian package as entries of a layer: what dpkg would unpack, less what nobody reads in a container, plus what the
// package's maintainer script would have made, as far as a program needs it.
import { digestOfFile } from '../../lib/digest.ts';
import { type Content, readContent } from './content.ts';
import { invalidArchive, readArMembers } from './ar.ts';
import { readArchive } from './archive.ts';
import { debianLicences } from './debian_copyright.ts';
import type { FileEntry, LayerEntry } from './entries.ts';
import { type PackageRecord, packageTitle } from './package_record.ts';

/** Documentation and service-manager files; copyright files stay. */
const NOT_NEEDED: readonly string[] = [
  'etc/cron.d',
  'etc/cron.daily',
  'etc/cron.weekly',
  'etc/default',
  'etc/init.d',
  'etc/logrotate.d',
  'usr/lib/systemd',
  'usr/lib/tmpfiles.d',
  'usr/share/apport',
  'usr/share/bash-completion',
  'usr/share/bug',
  'usr/share/doc-base',
  'usr/share/info',
  'usr/share/lintian',
  'usr/share/locale',
  'usr/share/man',
  'usr/share/menu',
  'usr/share/pixmaps',
];

export interface ReadDebOptions {
  readonly path: string;
  /** Prefix of files that may be written and must live until the layer is. */
  readonly spool: string;
  readonly origin: string;
  /** More paths to leave out, with what is below them. Default: none. */
  readonly exclude?: readonly string[];
}

export interface DebContent {
  readonly entries: readonly LayerEntry[];
  readonly package: PackageRecord;
}

/** What is in a .deb. Its control record is put where scanners look for it: var/lib/dpkg/status.d. */
export async function readDeb(options: ReadDebOptions): Promise<DebContent> {
  const members = await readArMembers(options.path);
  const member = (prefix: string) => {
    const found = members.find(({ name }) => name.startsWith(prefix));
    if (found === undefined) throw invalidArchive(options.path, `it has no ${prefix} and so is no Debian package`);
    return found;
  };
  const excluded = [...NOT_NEEDED, ...(options.exclude ?? []).map((path) => path.replace(/^\/+|\/+$/g, ''))];
  const { path, origin } = options;
  const control = await readArchive({
    path,
    range: member('control.tar'),
    spool: `${options.spool}.control`,
    origin,
    want: (name) => name === 'control',
  });
  const data = await readArchive({
    path,
    range: member('data.tar'),
    spool: `${options.spool}.data`,
    origin,
    want: (name) => isWanted(name, excluded),
  });
  const record = control.find((entry): entry is FileEntry => entry.kind === 'file');
  if (record === undefined) throw invalidArchive(path, 'it has no control record');
  const text = (await bytesOf(record.content)).toString('utf8');
  const made = await packageOf(path, text, data);
  const status: FileEntry = {
    kind: 'file',
    path: `var/lib/dpkg/status.d/${made.name}`,
    mode: 0o644,
    uid: 0,
    gid: 0,
    origin,
    content: [{ bytes: Buffer.from(text) }],
  };
  const input = packageTitle(made);
  const entries = [...data, status, ...(await configure(made.name, data, origin))];
  return { entries: entries.map((entry) => ({ ...entry, input })), package: made };
}

/** What a package says of itself in its control record and its copyright file. */
async function packageOf(path: string, control: string, data: readonly LayerEntry[]): Promise<PackageRecord> {
  const field = (name: string) => new RegExp(`^${name}: *(\\S+)`, 'm').exec(control)?.[1] ?? '';
  const [name, version, architecture, source] = ['Package', 'Version', 'Architecture', 'Source'].map(field);
  if (name === undefined || name === '' || version === undefined || version === '') {
    throw invalidArchive(path, 'its control record has no name or version');
  }
  const copyright = data.find(
    (entry): entry is FileEntry => entry.kind === 'file' && entry.path === `usr/share/doc/${name}/copyright`,
  );
  const licences = copyright === undefined ? [] : debianLicences((await bytesOf(copyright.content)).toString('utf8'));
  const digest = await digestOfFile(path);
  return {
    type: 'deb',
    name,
    version,
    ...(architecture === undefined || architecture === 'all' || architecture === '' ? {} : { architecture }),
    ...(licences.length === 0 ? {} : { licence: licences.join('; ') }),
    checksum: { algorithm: 'SHA256', value: digest.slice('sha256:'.length) },
    ...(source === undefined || source === '' || source === name ? {} : { source }),
  };
}

function isWanted(path: string, excluded: readonly string[]): boolean {
  if (path.startsWith('usr/share/doc/')) return path.endsWith('/copyright') || path.split('/').length === 4;
  return !excluded.some((prefix) => path === prefix || path.startsWith(`${prefix}/`));
}

/** What the maintainer script of a package makes, for the packages whose work a program would miss. */
async function configure(name: string, data: readonly LayerEntry[], origin: string): Promise<LayerEntry[]> {
  const owner = { uid: 0, gid: 0, origin };
  switch (name) {
    case 'ca-certificates': {
      const certificates = data.filter(
        (entry): entry is FileEntry =>
          entry.kind === 'file' && /^usr\/share\/ca-certificates\/.*\.crt$/.test(entry.path),
      );
      certificates.sort((a, b) => (a.path < b.path ? -1 : 1));
      const content: Content = certificates.flatMap((entry) => [...entry.content, { bytes: Buffer.from('\n') }]);
      const path = 'etc/ssl/certs/ca-certificates.crt';
      return [{ ...owner, kind: 'file', path, mode: 0o644, content }];
    }
    case 'tzdata':
      return [
        { ...owner, kind: 'symlink', path: 'etc/localtime', mode: 0o777, target: '/usr/share/zoneinfo/Etc/UTC' },
        { ...owner, kind: 'file', path: 'etc/timezone', mode: 0o644, content: [{ bytes: Buffer.from('Etc/UTC\n') }] },
      ];
    default:
      return [];
  }
}

async function bytesOf(content: Content): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of readContent(content)) chunks.push(chunk);
  return Buffer.concat(chunks);
}
