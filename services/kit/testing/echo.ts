// A service of texts for tests: each of its methods does what the test says, over a real connection.
import {
  Client,
  credentials,
  Metadata,
  type CallOptions,
  type ClientOptions,
  type ServiceDefinition,
  type ServiceError,
  type StatusObject,
  type UntypedServiceImplementation,
} from '@grpc/grpc-js';
import { service as healthService } from 'grpc-health-check';
import { type GrpcServer, type GrpcServerOptions, startGrpcServer } from '../grpc_server.ts';
import type { CallContext } from '../call_context.ts';
import { createHandlers } from '../handlers.ts';
import { createLogger } from '../log.ts';

const method = (name: string, requestStream: boolean, responseStream: boolean) => ({
  path: `/kit.test.v1.Echo/${name}`,
  requestStream,
  responseStream,
  requestSerialize: (text: string) => Buffer.from(text),
  requestDeserialize: (bytes: Buffer) => bytes.toString(),
  responseSerialize: (text: string) => Buffer.from(text),
  responseDeserialize: (bytes: Buffer) => bytes.toString(),
});

/** Its definition, as ts-proto would write it. */
export const EchoService = {
  say: method('Say', false, false),
  gather: method('Gather', true, false),
  repeat: method('Repeat', false, true),
  chat: method('Chat', true, true),
} satisfies ServiceDefinition<UntypedServiceImplementation>;

/** What its methods do. */
export interface EchoWork {
  readonly say: (text: string, call: CallContext) => string | Promise<string>;
  readonly gather: (texts: AsyncIterable<string>, call: CallContext) => Promise<string>;
  readonly repeat: (text: string, call: CallContext) => AsyncIterable<string>;
  readonly chat: (texts: AsyncIterable<string>, call: CallContext) => AsyncIterable<string>;
}

const POLITE: EchoWork = {
  say: (text) => text,
  async gather(texts) {
    let all = '';
    for await (const text of texts) all += text;
    return all;
  },
  async *repeat(text) {
    for (let index = 0; index < 3; index++) yield `${text} ${index}`;
  },
  async *chat(texts) {
    yield* texts;
  },
};

/** A silent logger, or one whose lines are kept. */
export function testLog(lines?: Record<string, unknown>[]) {
  const destination = { write: (line: string) => lines?.push(JSON.parse(line) as Record<string, unknown>) };
  return createLogger(
    lines === undefined ? { service: 'test', level: 'silent' } : { service: 'test', level: 'debug', destination },
  );
}

/** The handlers of the service for a server of any kind. */
export function echoHandlers(work: Partial<EchoWork> = {}, log = testLog()): UntypedServiceImplementation {
  const all = { ...POLITE, ...work };
  const handlers = createHandlers({ log });
  return {
    say: handlers.unary(all.say),
    gather: handlers.clientStream(all.gather),
    repeat: handlers.serverStream(all.repeat),
    chat: handlers.bidiStream(all.chat),
  };
}

/** Starts the service on a port of the loopback. */
export function startEcho(work: Partial<EchoWork> = {}, options: Partial<GrpcServerOptions> = {}): Promise<GrpcServer> {
  const log = options.log ?? testLog();
  return startGrpcServer({
    port: 0,
    host: '127.0.0.1',
    serviceNames: ['kit.test.v1.Echo'],
    ...options,
    log,
    register: (grpc) => {
      grpc.addService(EchoService, echoHandlers(work, log));
      options.register?.(grpc);
    },
  });
}

/** An answer with what came around it. */
export interface Answer {
  readonly text: string;
  readonly trailers: Metadata;
}

/** A client of the service. */
export class EchoClient extends Client {
  static readonly service = EchoService;

  constructor(target: string | number, creds = credentials.createInsecure(), options: ClientOptions = {}) {
    super(typeof target === 'number' ? `127.0.0.1:${target}` : target, creds, options);
  }

  /** Calls Say, by default with a deadline of 5 s. */
  say(
    text: string,
    metadata = new Metadata(),
    options: CallOptions = { deadline: Date.now() + 5000 },
  ): Promise<Answer> {
    const { path, requestSerialize, responseDeserialize } = EchoService.say;
    return new Promise((resolve, reject) => {
      let answer = '';
      const call = this.makeUnaryRequest(
        path,
        requestSerialize,
        responseDeserialize,
        text,
        metadata,
        options,
        (error: ServiceError | null, value?: string) => {
          if (error !== null) reject(error);
          else answer = value ?? '';
        },
      );
      call.on('status', (ended: StatusObject) => resolve({ text: answer, trailers: ended.metadata }));
    });
  }

  /** Asks for the health of the whole server, as a probe does. */
  check(): Promise<unknown> {
    const { path, requestSerialize, responseDeserialize } = healthService['Check']!;
    return new Promise((resolve, reject) => {
      this.makeUnaryRequest(path, requestSerialize, responseDeserialize, { service: '' }, (error, answer) =>
        error === null ? resolve(answer) : reject(error),
      );
    });
  }

  gather(callback: (error: ServiceError | null, value?: string) => void, options: CallOptions = {}) {
    const { path, requestSerialize, responseDeserialize } = EchoService.gather;
    return this.makeClientStreamRequest(path, requestSerialize, responseDeserialize, new Metadata(), options, callback);
  }

  repeat(text: string, options: CallOptions = {}) {
    const { path, requestSerialize, responseDeserialize } = EchoService.repeat;
    return this.makeServerStreamRequest(path, requestSerialize, responseDeserialize, text, new Metadata(), options);
  }

  chat(options: CallOptions = {}) {
    const { path, requestSerialize, responseDeserialize } = EchoService.chat;
    return this.makeBidiStreamRequest(path, requestSerialize, responseDeserialize, new Metadata(), options);
  }
}
