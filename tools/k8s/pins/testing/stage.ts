// What tests of commands on pins stand on: a service in a git repository of its own, and two real registries.
import assert from 'node:assert/strict';
import type { Digest } from '../../../lib/digest.ts';
import { createTransport, listReferrers, missingParts } from '../../../oci/index.ts';
import { peerPath } from '../../../oci/testing/peers.ts';
import { type RealRegistry, startRealRegistry } from '../../../oci/testing/real_registry.ts';
import { scratchFolder } from '../../../oci/testing/sample_image.ts';
import { REPOSITORY, type TestService, testService } from './test_service.ts';

/** What the image of the service is called in the registry of dev and staging, and in that of prod. */
export const REF = 'registry.test/services/x';
export const PROD_REF = 'registry.prod/services/x';

export interface Stage extends AsyncDisposable {
  /** Of dev and staging. */
  readonly one: RealRegistry;
  /** Of prod. */
  readonly two: RealRegistry;
  readonly service: TestService;
  /** Puts a new service in the place of the one that a test has used. */
  renew(): Promise<void>;
}

export async function createStage(): Promise<Stage> {
  const scratch = await scratchFolder();
  const start = () => startRealRegistry(peerPath('OCI_REGISTRY_3'), scratch.path);
  const [one, two] = [await start(), await start()];
  const newService = async () => {
    const made = await testService();
    await made.setRegistry('one', 'registry.test', one.endpoint);
    await made.setRegistry('two', 'registry.prod', two.endpoint);
    return made;
  };
  let service = await newService();
  return {
    one,
    two,
    get service() {
      return service;
    },
    async renew() {
      await service[Symbol.asyncDispose]();
      service = await newService();
    },
    async [Symbol.asyncDispose]() {
      for (const end of [one, two, service, scratch]) await end[Symbol.asyncDispose]();
    },
  };
}

/** What of an image a registry lacks, and the types of what refers to it. */
export async function lookUp({ endpoint }: RealRegistry, digest: Digest) {
  const transport = createTransport({ endpoint, plainHttp: true, signal: AbortSignal.timeout(30_000) });
  try {
    const place = { transport, repository: REPOSITORY };
    const missing = await missingParts(place, digest);
    const referrers = missing.length > 0 ? [] : await listReferrers(place, digest);
    return { missing, types: referrers.map(({ artifactType }) => artifactType) };
  } finally {
    transport.close();
  }
}

export async function deleteManifest({ endpoint }: RealRegistry, digest: Digest): Promise<void> {
  const response = await fetch(`http://${endpoint}/v2/${REPOSITORY}/manifests/${digest}`, { method: 'DELETE' });
  assert.equal(response.status, 202);
}
