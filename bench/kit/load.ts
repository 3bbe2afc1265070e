// Calls by frames that are ready beforehand: a client of grpc-js or node:http2 would be busier than the server, and it is
// the server that is measured.
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { GetFeatureRequest } from '../../proto/routeguide/v1/route_guide.ts';
import {
  callFields,
  FLAG,
  FRAME,
  frameBytes,
  FrameReader,
  headerBlock,
  messageBytes,
  PREFACE,
} from '../../services/routeguide/server/testing/http2_frames.ts';

/** What a server did during a while. */
export interface Sample {
  readonly callsPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** How busy the server was, of one core. */
  readonly serverCpu: number;
  readonly cpuMicrosecondsPerCall: number;
}

/** Options of {@link load}. */
export interface LoadOptions {
  readonly port: number;
  readonly pid: number;
  readonly durationMs: number;
  /** Calls at a time. */
  readonly concurrency: number;
}

const TICKS_PER_SECOND = 100;
/** How long the last calls may take once no more are begun. */
const ENDS_WITHIN_MS = 30_000;

/** The time that a process has had on a CPU, in seconds. */
function cpuSeconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}

const MAX_WINDOW = 2_147_483_647;

/** The bytes of a window update of `bytes` for the whole connection. */
function windowUpdate(bytes: number): Buffer {
  const payload = Buffer.alloc(4);
  payload.writeUInt32BE(bytes);
  return frameBytes({ type: FRAME.window, flags: 0, stream: 0, payload });
}

/** Makes the bytes of calls: they differ in nothing but the number of the stream. */
function callBytes(): (stream: number) => Buffer {
  const location = { latitudeE7: 400_000_000, longitudeE7: -740_000_000 };
  const payload = messageBytes(GetFeatureRequest.encode({ location }).finish());
  const block = headerBlock(callFields('/routeguide.v1.RouteGuide/GetFeature'));
  const both = Buffer.concat([
    frameBytes({ type: FRAME.headers, flags: FLAG.endHeaders, stream: 0, payload: block }),
    frameBytes({ type: FRAME.data, flags: FLAG.endStream, stream: 0, payload }),
  ]);
  return (stream) => {
    const bytes = Buffer.from(both);
    bytes.writeUInt32BE(stream, 5);
    bytes.writeUInt32BE(stream, 9 + block.length + 5);
    return bytes;
  };
}

/** Calls GetFeature again and again from `concurrency` places at once. */
export async function load({ port, pid, durationMs, concurrency }: LoadOptions): Promise<Sample> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  await once(socket, 'connect');
  const bytesOf = callBytes();
  const begun = new Map<number, number>();
  const answered = new Set<number>();
  const tookMs: number[] = [];
  let stream = -1;
  const startMs = performance.now();
  const startCpu = cpuSeconds(pid);
  const over = new Promise<void>((resolve, reject) => {
    const begin = () => {
      stream += 2;
      begun.set(stream, performance.now());
      return bytesOf(stream);
    };
    const reader = new FrameReader();
    const settings = frameBytes({ type: FRAME.settings, flags: 0, stream: 0, payload: Buffer.alloc(0) });
    const calls = Array.from({ length: concurrency }, begin);
    socket.write(Buffer.concat([PREFACE, settings, windowUpdate(MAX_WINDOW - 65_535), ...calls]));
    socket.on('error', reject);
    socket.on('close', () => reject(new Error('The server closed the connection')));
    socket.on('data', (piece: Buffer) => {
      const nowMs = performance.now();
      const replies: Buffer[] = [];
      for (const frame of reader.read(piece)) {
        if (frame.type === FRAME.settings && (frame.flags & FLAG.ack) === 0) {
          replies.push(frameBytes({ ...frame, flags: FLAG.ack, payload: Buffer.alloc(0) }));
        } else if (frame.type === FRAME.ping && (frame.flags & FLAG.ack) === 0) {
          replies.push(frameBytes({ ...frame, flags: FLAG.ack }));
        } else if (frame.type === FRAME.data) answered.add(frame.stream);
        else if (frame.type === FRAME.headers && (frame.flags & FLAG.endStream) !== 0) {
          // A call that fails has trailers and no message.
          if (!answered.delete(frame.stream)) reject(new Error('A call failed'));
          tookMs.push(nowMs - (begun.get(frame.stream) ?? 0));
          begun.delete(frame.stream);
          if (nowMs - startMs < durationMs) replies.push(begin());
          else if (begun.size === 0) resolve();
        } else if (frame.type === FRAME.reset || frame.type === FRAME.goAway) reject(new Error('A call was refused'));
      }
      if (replies.length > 0) socket.write(Buffer.concat(replies));
    });
  });
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => late.reject(new Error(`${begun.size} calls have no answer after ${ENDS_WITHIN_MS / 1000} s`)),
    durationMs + ENDS_WITHIN_MS,
  );
  try {
    await Promise.race([over, late.promise]);
  } finally {
    clearTimeout(timer);
    socket.destroy();
  }
  const seconds = (performance.now() - startMs) / 1000;
  const cpu = cpuSeconds(pid) - startCpu;
  const sorted = tookMs.toSorted((a, b) => a - b);
  const quantile = (q: number) => sorted[Math.floor(sorted.length * q)] ?? 0;
  return {
    callsPerSecond: tookMs.length / seconds,
    p50Ms: quantile(0.5),
    p99Ms: quantile(0.99),
    serverCpu: cpu / seconds,
    cpuMicrosecondsPerCall: (cpu * 1e6) / tookMs.length,
  };
}
