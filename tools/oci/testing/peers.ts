// The registries that tests run against, as the BUILD file names them in the environment.
import { join } from 'node:path';
import { readArMembers } from '../layer/ar.ts';
import { readArchive } from '../layer/archive.ts';
import { readContent } from '../layer/content.ts';
import { runfile } from '../../lib/runfiles.ts';
import {
  type RealRegistry,
  type RegistryAuth,
  installProgram,
  startGoRegistry,
  startRealRegistry,
} from './real_registry.ts';

/** A kind of registry. */
export interface Peer {
  readonly name: string;
  /** Whether it can ask for a login. */
  readonly hasLogin: boolean;
  /** Whether a blob of another repository can be mounted, and an upload be continued. */
  readonly hasMount: boolean;
  start(folder: string, auth?: RegistryAuth): Promise<RealRegistry>;
}

/** A program or package that the environment names: `../repository/…` in Bazel's words, or an absolute path. */
export function peerPath(variable: string): string {
  return fileOf(process.env[variable] ?? '');
}

/** A file of another repository, as $(rootpath) names it, or an absolute path. */
export function fileOf(name: string): string {
  return name.startsWith('/') ? name : runfile(name.replace(/^\.\.\//, ''));
}

/** All peers: OCI_REGISTRY_3, OCI_REGISTRY_2_DEB and OCI_PEERS name their files. */
export const PEERS: readonly Peer[] = [
  {
    name: 'distribution 3',
    hasLogin: true,
    hasMount: true,
    start: (folder, auth) => startRealRegistry(peerPath('OCI_REGISTRY_3'), folder, auth ? { auth } : {}),
  },
  {
    name: "Debian's docker-registry 2.8",
    hasLogin: true,
    hasMount: true,
    start: async (folder, auth) => {
      const deb = peerPath('OCI_REGISTRY_2_DEB');
      const bytes = unpacked.get(deb) ?? programOf(deb, folder, 'usr/bin/docker-registry');
      unpacked.set(deb, bytes);
      const program = await installProgram(await bytes, folder, 'docker-registry');
      return startRealRegistry(program, folder, auth ? { auth } : {});
    },
  },
  {
    name: 'go-containerregistry',
    hasLogin: false,
    hasMount: false,
    start: () => startGoRegistry(peerPath('OCI_PEERS')),
  },
  {
    name: 'go-containerregistry with referrers',
    hasLogin: false,
    hasMount: false,
    start: () => startGoRegistry(peerPath('OCI_PEERS'), { referrers: true }),
  },
];

const unpacked = new Map<string, Promise<Buffer>>();

/** The bytes of a program in a Debian package. */
async function programOf(deb: string, folder: string, path: string): Promise<Buffer> {
  const data = (await readArMembers(deb)).find(({ name }) => name.startsWith('data.tar'));
  if (data === undefined) throw new Error(`${deb} is no Debian package`);
  const spool = join(folder, 'deb');
  const entries = await readArchive({ path: deb, range: data, spool, origin: deb, want: (name) => name === path });
  const entry = entries.find((candidate) => candidate.kind === 'file');
  if (entry?.kind !== 'file') throw new Error(`${deb} has no ${path}`);
  const chunks: Buffer[] = [];
  for await (const chunk of readContent(entry.content)) chunks.push(chunk);
  return Buffer.concat(chunks);
}
