// An image in the OCI image layout, a folder or a tar of one: what skopeo, podman, `docker save` and oci_tarball write.
// Specification: https://github.com/opencontainers/image-spec/blob/v1.1.1/image-layout.md
import { createWriteStream } from 'node:fs';
import { mkdir, mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { ToolError, systemErrorCode } from '../../lib/errors.ts';
import { type Descriptor, asArray, asObject, invalid, parseDescriptor, parseManifest } from '../image/model.ts';
import type { BlobFile, OciImage } from '../image/oci_image.ts';
import { readJson } from '../image/read_json.ts';
import { archiveMembers } from '../layer/archive.ts';

/** An image whose files may be temporary: they are gone at the end of its scope. */
export interface OpenedImage extends AsyncDisposable {
  readonly image: OciImage;
}

/** Which image of an index for several platforms. */
export interface Platform {
  readonly os: string;
  readonly architecture: string;
}

/** Opens a layout. Throws OCI_LAYOUT_UNREADABLE, OCI_LAYOUT_PLATFORM, OCI_DOCUMENT_INVALID. */
export async function openLayout(path: string, platform: Platform): Promise<OpenedImage> {
  const isFolder = await stat(path).then(
    (info) => info.isDirectory(),
    (error: unknown) => {
      throw unreadable(path, systemErrorCode(error) ?? 'it failed', error);
    },
  );
  if (isFolder) return { image: await readLayout(path, path, platform), [Symbol.asyncDispose]: async () => {} };
  const folder = await mkdtemp(join(tmpdir(), 'fathom-layout-'));
  const dispose = () => rm(folder, { recursive: true, force: true });
  try {
    await unpack(path, folder);
    return { image: await readLayout(folder, path, platform), [Symbol.asyncDispose]: dispose };
  } catch (error) {
    await dispose();
    throw error;
  }
}

/** The files of a layout's tar; names were checked by the reader to stay within. */
async function unpack(path: string, folder: string): Promise<void> {
  for await (const member of archiveMembers({ path, origin: path })) {
    if (member.type !== 'file') continue;
    const file = join(folder, member.path);
    await mkdir(dirname(file), { recursive: true });
    await pipeline(member.body, createWriteStream(file));
  }
}

async function readLayout(folder: string, name: string, platform: Platform): Promise<OciImage> {
  const blob = (descriptor: Descriptor): BlobFile => ({
    ...descriptor,
    path: join(folder, 'blobs', descriptor.digest.replace(':', '/')),
  });
  const index = await readJson(join(folder, 'index.json')).catch((error: unknown) => {
    throw unreadable(name, 'it has no index.json', error);
  });
  const manifest = blob(await chooseManifest(index, { where: `${name}: index.json`, platform, blob }));
  const { config, layers } = parseManifest(await readJson(manifest.path), manifest.path);
  return { repository: name, manifest, config: blob(config), layers: layers.map(blob) };
}

interface Choosing {
  readonly where: string;
  readonly platform: Platform;
  readonly blob: (descriptor: Descriptor) => BlobFile;
}

/** The manifest for a platform; an index may name an index. */
async function chooseManifest(index: unknown, choosing: Choosing): Promise<Descriptor> {
  const { where, platform, blob } = choosing;
  const manifests = asArray(asObject(index, where)['manifests'], `${where}.manifests`);
  const found = manifests.map((entry, at) => ({
    descriptor: parseDescriptor(entry, `${where}.manifests[${at}]`),
    platform: asObject(entry, where)['platform'] as Partial<Platform> | undefined,
  }));
  const chosen =
    found.find((one) => one.platform?.os === platform.os && one.platform.architecture === platform.architecture) ??
    found.find((one) => one.platform === undefined);
  if (chosen === undefined) {
    const others = found.map((one) => `${one.platform?.os}/${one.platform?.architecture}`).join(', ');
    throw new ToolError(
      'OCI_LAYOUT_PLATFORM',
      `Reading ${where}: it has no image for ${platform.os}/${platform.architecture}, only for ${others}`,
      { hint: 'Name a layout that has one.' },
    );
  }
  const { descriptor } = chosen;
  if (!/(image\.index|manifest\.list)/.test(descriptor.mediaType)) return descriptor;
  const path = blob(descriptor).path;
  const nested = await readJson(path);
  // One level is what the specification's writers use; an index that names itself must not hang us.
  const inner = asArray(asObject(nested, path)['manifests'], `${path}.manifests`);
  if (inner.some((entry) => parseDescriptor(entry, path).digest === descriptor.digest)) {
    throw invalid(path, 'is an index that names itself');
  }
  return chooseManifest(nested, { ...choosing, where: path });
}

function unreadable(path: string, problem: string, cause: unknown): ToolError {
  return new ToolError('OCI_LAYOUT_UNREADABLE', `Reading the image layout ${path}: ${problem}`, {
    cause,
    hint: 'Name a folder or tar in the OCI image layout, or the label of an oci_image target.',
  });
}
