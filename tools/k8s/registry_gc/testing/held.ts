// What a registry holds, written down by hand, for tests.
import { type Digest, digestOf } from '../../../lib/digest.ts';
import { type Inventory, parseInventory } from '../inventory.ts';

/** A manifest and the lines of `registry inventory` about it. */
export interface Held {
  readonly digest: Digest;
  readonly lines: readonly string[];
}

/** Options of {@link held}. */
export interface HeldOptions {
  readonly repository?: string;
  /** Texts of layers. Default: none. */
  readonly layers?: readonly string[];
  /** Manifests of an index. Default: it is an image. */
  readonly manifests?: readonly Digest[];
  readonly subject?: Digest;
  readonly tags?: readonly string[];
  /** When it was pushed. Default: long ago. */
  readonly modified?: string;
}

const blobLine = (text: string) => JSON.stringify({ kind: 'blob', digest: digestOf(text), size: text.length });

/** An image called `name`, whose configuration that is; or an index. */
export function held(name: string, options: HeldOptions = {}): Held {
  const { repository = 'a', layers = [], manifests, subject, tags = [], modified = '2001-01-01T00:00:00Z' } = options;
  const image = { config: { digest: digestOf(name) }, layers: layers.map((text) => ({ digest: digestOf(text) })) };
  const content = JSON.stringify({
    schemaVersion: 2,
    ...(manifests === undefined
      ? image
      : { manifests: manifests.map((digest) => ({ digest })), annotations: { name } }),
    ...(subject === undefined ? {} : { subject: { digest: subject } }),
  });
  const digest = digestOf(content);
  const mediaType = `application/vnd.oci.image.${manifests === undefined ? 'manifest' : 'index'}.v1+json`;
  const bytes = Buffer.from(content).toString('base64');
  return {
    digest,
    lines: [
      JSON.stringify({ kind: 'manifest', repository, digest, modified, content: bytes, mediaType }),
      ...tags.map((tag) => JSON.stringify({ kind: 'tag', repository, tag, digest })),
      ...[content, ...(manifests === undefined ? [name, ...layers] : [])].map(blobLine),
    ],
  };
}

/** The inventory of some manifests, and of blobs that are in none. */
export function inventoryOf(all: readonly Held[], strays: readonly string[] = []): Inventory {
  return parseInventory(listOf([...all.flatMap(({ lines }) => lines), ...strays.map(blobLine)]));
}

/** Lines as a whole list. */
export function listOf(lines: readonly string[]): string {
  return [...lines, JSON.stringify({ kind: 'end', count: lines.length }), ''].join('\n');
}
