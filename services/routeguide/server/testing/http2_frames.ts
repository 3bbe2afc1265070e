// HTTP/2 by hand, for what a library would not let through: https://www.rfc-editor.org/rfc/rfc9113.html#section-4.
import { Buffer } from 'node:buffer';

/** What a client sends first. */
export const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');

export const FRAME = {
  data: 0,
  headers: 1,
  priority: 2,
  reset: 3,
  settings: 4,
  push: 5,
  ping: 6,
  goAway: 7,
  window: 8,
};
export const FLAG = { endStream: 1, ack: 1, endHeaders: 4 };

const HEADER_BYTES = 9;

/** A frame. */
export interface Frame {
  readonly type: number;
  readonly flags: number;
  readonly stream: number;
  readonly payload: Buffer;
}

/** The bytes of a frame. */
export function frameBytes({ type, flags, stream, payload }: Frame): Buffer {
  const bytes = Buffer.alloc(HEADER_BYTES + payload.length);
  bytes.writeUIntBE(payload.length, 0, 3);
  bytes.writeUInt8(type, 3);
  bytes.writeUInt8(flags, 4);
  bytes.writeUInt32BE(stream, 5);
  payload.copy(bytes, HEADER_BYTES);
  return bytes;
}

/** A header block without compression: each field a literal that is never indexed (RFC 7541, section 6.2.3). */
export function headerBlock(fields: Readonly<Record<string, string>>): Buffer {
  const text = (value: string) => {
    const bytes = Buffer.from(value);
    if (bytes.length > 126)
      throw new Error(`A field of a header block has at most 126 bytes here, got ${bytes.length}`);
    return Buffer.concat([Buffer.from([bytes.length]), bytes]);
  };
  return Buffer.concat(
    Object.entries(fields).map(([name, value]) => Buffer.concat([Buffer.from([0x10]), text(name), text(value)])),
  );
}

/** The header fields of a gRPC call. */
export function callFields(path: string): Record<string, string> {
  return {
    ':method': 'POST',
    ':scheme': 'http',
    ':path': path,
    ':authority': 'localhost',
    'content-type': 'application/grpc',
    te: 'trailers',
    'grpc-timeout': '10S',
  };
}

/** A gRPC message behind its five bytes. */
export function messageBytes(message: Uint8Array): Buffer {
  const bytes = Buffer.alloc(5 + message.length);
  bytes.writeUInt32BE(message.length, 1);
  bytes.set(message, 5);
  return bytes;
}

/** Frames that every connection begins with. */
export const SETTINGS = frameBytes({ type: FRAME.settings, flags: 0, stream: 0, payload: Buffer.alloc(0) });

/** The bytes of a connection with one call of the route guide. `fields` replace those of a good call, or join them. */
export function callOf(method: string, body: Buffer, fields: Readonly<Record<string, string>> = {}): Buffer {
  const block = headerBlock({ ...callFields(`/routeguide.v1.RouteGuide/${method}`), ...fields });
  return Buffer.concat([
    PREFACE,
    SETTINGS,
    frameBytes({ type: FRAME.headers, flags: FLAG.endHeaders, stream: 1, payload: block }),
    frameBytes({ type: FRAME.data, flags: FLAG.endStream, stream: 1, payload: body }),
  ]);
}

/** Cuts a stream of bytes into frames, wherever the pieces begin and end. */
export class FrameReader {
  #rest: Buffer = Buffer.alloc(0);

  /** The frames that `piece` completes. */
  read(piece: Buffer): Frame[] {
    let bytes = this.#rest.length === 0 ? piece : Buffer.concat([this.#rest, piece]);
    const frames: Frame[] = [];
    while (bytes.length >= HEADER_BYTES) {
      const length = bytes.readUIntBE(0, 3);
      if (bytes.length < HEADER_BYTES + length) break;
      frames.push({
        type: bytes.readUInt8(3),
        flags: bytes.readUInt8(4),
        stream: bytes.readUInt32BE(5) & 0x7fff_ffff,
        payload: bytes.subarray(HEADER_BYTES, HEADER_BYTES + length),
      });
      bytes = bytes.subarray(HEADER_BYTES + length);
    }
    this.#rest = bytes;
    return frames;
  }
}
