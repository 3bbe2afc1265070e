// "Not now, try again in a while", as gRPC says it: google.rpc.RetryInfo among the details of a status, see
// https://google.aip.dev/193, and the pushback of https://github.com/grpc/proposal/blob/master/A6-client-retries.md.
import { BinaryWriter } from '@bufbuild/protobuf/wire';
import { Metadata, status } from '@grpc/grpc-js';
import type { Status } from './status.ts';

/** The trailer with a google.rpc.Status. */
export const STATUS_DETAILS_KEY = 'grpc-status-details-bin';
/** The trailer that tells a client's retry policy when to try again. */
export const RETRY_PUSHBACK_KEY = 'grpc-retry-pushback-ms';

const RETRY_INFO = 'type.googleapis.com/google.rpc.RetryInfo';

/** A google.rpc.Status with a RetryInfo: messages of three fields each, which are stable by their use on the wire. */
function statusBytes(code: status, message: string, delayMs: number): Buffer {
  const duration = new BinaryWriter().uint32(8).int64(Math.floor(delayMs / 1000));
  duration.uint32(16).int32((delayMs % 1000) * 1_000_000);
  const retryInfo = new BinaryWriter().uint32(10).bytes(duration.finish()).finish();
  const any = new BinaryWriter().uint32(10).string(RETRY_INFO).uint32(18).bytes(retryInfo).finish();
  return Buffer.from(
    new BinaryWriter().uint32(8).int32(code).uint32(18).string(message).uint32(26).bytes(any).finish(),
  );
}

/** RESOURCE_EXHAUSTED, with the time after which another attempt may succeed. */
export function exhausted(details: string, delayMs: number): Status {
  const wholeMs = Math.max(1, Math.ceil(delayMs));
  const metadata = new Metadata();
  metadata.set(RETRY_PUSHBACK_KEY, String(wholeMs));
  metadata.set(STATUS_DETAILS_KEY, statusBytes(status.RESOURCE_EXHAUSTED, details, wholeMs));
  return { code: status.RESOURCE_EXHAUSTED, details, metadata };
}
