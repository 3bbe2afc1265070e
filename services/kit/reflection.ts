// Server reflection: tools ask a running server what it offers.
import type { Server } from '@grpc/grpc-js';
import { loadFileDescriptorSetFromBuffer } from '@grpc/proto-loader';
import { ReflectionService } from '@grpc/reflection';

/** Adds server reflection (v1 and v1alpha) of a FileDescriptorSet, as ts_proto_library's `x_descriptor.ts` holds it. */
export function addReflection(server: Server, descriptorSetBase64: string): void {
  const set = Buffer.from(descriptorSetBase64, 'base64');
  // Names as they are in the .proto file: that is what callers are told.
  new ReflectionService(loadFileDescriptorSetFromBuffer(set, { keepCase: true })).addToServer(server);
}
