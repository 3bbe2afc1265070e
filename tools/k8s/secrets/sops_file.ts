// A file as sops writes it: which entries it has, which are encrypted, and for whom. Needs no key. Pure.
// https://github.com/getsops/sops#encryption-protocol
import { type Node, isAlias, isMap, isScalar, isSeq, parseAllDocuments } from 'yaml';
import { ToolError, errorText } from '../../lib/errors.ts';
import { nearest } from '../../lib/nearest.ts';
import { asList, asRecord, textAt } from '../model/object.ts';

/** One value of a file. */
export interface SopsEntry {
  /** Keys from the root; an item of a list has the path of its list. */
  readonly path: readonly string[];
  /** As references name it: keys and positions joined by dots. */
  readonly name: string;
  readonly value: string | number | bigint | boolean;
  readonly isEncrypted: boolean;
}

/** A recipient and the data key as encrypted for it. */
export interface AgeRecipient {
  readonly recipient: string;
  readonly encrypted: string;
}

/** A file, with its entries in the order in which it has them. */
export interface SopsFile {
  /** As references name it. */
  readonly path: string;
  readonly entries: readonly SopsEntry[];
  readonly recipients: readonly AgeRecipient[];
  /** The code over all values, encrypted. */
  readonly mac: string;
  readonly lastModified: string;
  readonly isMacOfEncryptedOnly: boolean;
}

/** What an encrypted value looks like. */
export const ENCRYPTED = /^ENC\[AES256_GCM,data:([^,]*),iv:([^,]*),tag:([^,]*),type:([^,\]]*)\]$/;

/** Reads a YAML or JSON file of sops. Throws K8S_SECRET_FILE, and K8S_SECRET_PLAIN for one that is not encrypted. */
export function parseSopsFile(text: string, path: string): SopsFile {
  const { root, metadata } = parseDocument(text, path);
  const isEncrypted = encryptionRule(metadata, path);
  const entries: SopsEntry[] = [];
  const walk = (node: unknown, place: readonly string[], name: string): void => {
    if (isAlias(node)) throw invalid(path, 'it has an alias, which sops does not write');
    if (isMap(node)) {
      for (const { key, value } of node.items) {
        const word = String(isScalar(key) ? key.value : key);
        if (place.length > 0 || word !== 'sops') walk(value, [...place, word], name === '' ? word : `${name}.${word}`);
      }
    } else if (isSeq(node)) {
      for (const [index, item] of node.items.entries()) walk(item, place, `${name}.${index}`);
    } else if (isScalar(node) && node.value !== null && node.value !== undefined) {
      const value = node.value as SopsEntry['value'];
      entries.push({ path: place, name, value, isEncrypted: isEncrypted(place) });
    }
  };
  walk(root, [], '');
  return {
    path,
    entries,
    recipients: recipientsOf(metadata, path),
    mac: textAt(metadata, 'mac') ?? '',
    lastModified: textAt(metadata, 'lastmodified') ?? '',
    isMacOfEncryptedOnly: metadata['mac_only_encrypted'] === true,
  };
}

type Metadata = Readonly<Record<string, unknown>>;

function parseDocument(text: string, path: string): { readonly root: Node | null; readonly metadata: Metadata } {
  const documents = parseAllDocuments(text, { intAsBigInt: true, logLevel: 'silent' });
  const [document, ...others] = Array.isArray(documents) ? documents : [];
  if (document === undefined) throw invalid(path, 'it is empty');
  if (others.length > 0) throw invalid(path, `it has ${others.length + 1} documents`, 'Make a file of each of them.');
  const [error] = document.errors;
  // The parser's own words quote lines of the file.
  if (error !== undefined) throw invalid(path, `it is neither YAML nor JSON: ${error.code}`);
  if (!isMap(document.contents)) throw invalid(path, 'it is no map of keys to values');
  const metadata = asRecord(asRecord(document.toJS())?.['sops']);
  if (metadata === undefined) throw plain(path, 'it is not encrypted by sops');
  return { root: document.contents, metadata };
}

/** Which values the file's own rule wants encrypted. */
function encryptionRule(metadata: Metadata, path: string): (place: readonly string[]) => boolean {
  const rule = (name: string) => textAt(metadata, name) || undefined;
  if (rule('encrypted_comment_regex') !== undefined || rule('unencrypted_comment_regex') !== undefined) {
    throw invalid(
      path,
      'what it encrypts is chosen by comments',
      'Use encrypted_regex or encrypted_suffix in .sops.yaml.',
    );
  }
  const regex = (name: string) => (rule(name) === undefined ? undefined : compile(rule(name) ?? '', path));
  const [encrypted, unencrypted] = [regex('encrypted_regex'), regex('unencrypted_regex')];
  if (encrypted !== undefined) return (place) => place.some((word) => encrypted.test(word));
  if (unencrypted !== undefined) return (place) => !place.some((word) => unencrypted.test(word));
  const suffix = rule('encrypted_suffix');
  if (suffix !== undefined) return (place) => place.some((word) => word.endsWith(suffix));
  const open = rule('unencrypted_suffix') ?? '_unencrypted';
  return (place) => !place.some((word) => word.endsWith(open));
}

/** Go's flags at the beginning are a group here. */
function compile(source: string, path: string): RegExp {
  try {
    const [, flags, rest] = /^\(\?([ims]+)\)(.*)$/s.exec(source) ?? [];
    return flags === undefined ? new RegExp(source, 'v') : new RegExp(rest ?? '', `v${flags}`);
  } catch (cause) {
    throw invalid(path, `its rule '${source}' is no regular expression: ${errorText(cause)}`);
  }
}

function recipientsOf(metadata: Metadata, path: string): AgeRecipient[] {
  const groups = asList(metadata['key_groups']);
  if (groups.length > 1) {
    throw invalid(
      path,
      `its key is split among ${groups.length} groups`,
      'Encrypt it for one group of age recipients.',
    );
  }
  const keys = asRecord(groups[0]) ?? metadata;
  const recipients = asList(keys['age']).map((one) => ({
    recipient: textAt(one, 'recipient') ?? '',
    encrypted: textAt(one, 'enc') ?? '',
  }));
  if (recipients.length > 0) return recipients;
  const kinds = ['pgp', 'kms', 'gcp_kms', 'hckms', 'azure_kv', 'hc_vault'];
  const others = kinds.filter((kind) => asList(keys[kind]).length > 0).join(', ') || 'nobody';
  throw invalid(
    path,
    `it is encrypted for ${others}, and for no age recipient`,
    'Add one: `sops rotate -i --add-age age1… FILE`.',
  );
}

/** The entry of a name. Throws K8S_SECRET_ENTRY with the nearest that there is, and K8S_SECRET_PLAIN. */
export function findEntry(file: SopsFile, name: string): SopsEntry {
  const found = file.entries.filter((entry) => entry.name === name);
  const [entry] = found;
  if (entry === undefined)
    throw missingEntry(
      file.path,
      name,
      file.entries.map((one) => one.name),
    );
  if (found.length > 1) throw invalid(file.path, `it has ${found.length} entries '${name}'`, 'Rename one of them.');
  if (!entry.isEncrypted) throw plain(file.path, `the value of '${name}' is not encrypted`);
  return entry;
}

/** What is said of an entry that is not there. */
export function missingEntry(path: string, name: string, names: readonly string[]): ToolError {
  const other = nearest(name, names);
  const has = other === undefined ? 'it has none' : `the nearest is '${other}'`;
  return new ToolError('K8S_SECRET_ENTRY', `Reading ${path}: it has no entry '${name}'; ${has}`, {
    hint: `Correct the reference, or add the entry: \`sops ${path}\`.`,
  });
}

function plain(path: string, problem: string): ToolError {
  return new ToolError('K8S_SECRET_PLAIN', `Reading ${path}: ${problem}`, {
    hint: `Encrypt it before it gets into git: \`sops encrypt -i ${path}\`, with age recipients in .sops.yaml.`,
  });
}

/** A file that cannot be used. */
export function invalid(path: string, problem: string, hint?: string): ToolError {
  return new ToolError('K8S_SECRET_FILE', `Reading ${path}: ${problem}`, {
    hint: hint ?? 'Name a YAML or JSON file that `sops encrypt` has written.',
  });
}
