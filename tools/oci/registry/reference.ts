// Names of images, read without asking anybody.
// Grammar: https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#pulling-manifests
import { type Digest, isDigest } from '../../lib/digest.ts';
import { ToolError } from '../../lib/errors.ts';

/** `registry/repository[:tag][@digest]` in parts. */
export interface Reference {
  /** `host` or `host:port`. */
  readonly registry: string;
  readonly repository: string;
  readonly tag?: string;
  readonly digest?: Digest;
}

const REPOSITORY = /^[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*(\/[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*)*$/;
const TAG = /^[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}$/;
const REGISTRY = /^([a-zA-Z0-9.-]+|\[[0-9a-fA-F:]+\])(:[0-9]{1,5})?$/;

/** A repository's name, checked. Throws OCI_REFERENCE_INVALID. */
export function checkRepository(repository: string): string {
  if (REPOSITORY.test(repository) && repository.length <= 255) return repository;
  throw invalidReference('repository', repository, 'lower-case letters, digits and single "." "_" "-" between slashes');
}

/** A tag, checked. Throws OCI_REFERENCE_INVALID. */
export function checkTag(tag: string): string {
  if (TAG.test(tag)) return tag;
  throw invalidReference('tag', tag, 'at most 128 letters, digits, "_", "." and "-", the first a letter, digit or "_"');
}

/** An endpoint `host[:port]`, checked. Throws OCI_REFERENCE_INVALID. */
export function checkEndpoint(endpoint: string): string {
  if (REGISTRY.test(endpoint)) return endpoint;
  throw invalidReference('registry', endpoint, 'a host, or host:port, without scheme and path');
}

/** Where a registry is reached: Docker's own has another address than name. */
export function endpointOf(registry: string): string {
  return registry === 'docker.io' || registry === 'index.docker.io' ? 'registry-1.docker.io' : registry;
}

/** Parses a full reference. The registry must be named: there is no default one. Throws OCI_REFERENCE_INVALID. */
export function parseReference(text: string): Reference {
  const at = text.indexOf('@');
  const digest = at < 0 ? undefined : text.slice(at + 1);
  if (digest !== undefined && !isDigest(digest)) {
    throw invalidReference('digest', digest, '"sha256:" and 64 lower-case hex digits');
  }
  const name = at < 0 ? text : text.slice(0, at);
  const slash = name.indexOf('/');
  if (slash < 0) throw invalidReference('image', text, 'registry/repository, such as registry.example.com/team/app');
  const colon = name.indexOf(':', slash);
  const tag = colon < 0 ? undefined : checkTag(name.slice(colon + 1));
  return {
    registry: checkEndpoint(name.slice(0, slash)),
    repository: checkRepository(name.slice(slash + 1, colon < 0 ? undefined : colon)),
    ...(tag === undefined ? {} : { tag }),
    ...(digest === undefined ? {} : { digest }),
  };
}

function invalidReference(what: string, found: string, expected: string): ToolError {
  return new ToolError('OCI_REFERENCE_INVALID', `Reading ${what} ${JSON.stringify(found)}: it has not the right form`, {
    hint: `Write ${expected}.`,
  });
}
