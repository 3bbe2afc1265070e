// The smallest service: what a main.ts must say, and no more.
import { createHandlers, implementation, runGrpcService, text } from '../index.ts';
import { EchoService } from './echo.ts';

await runGrpcService({
  name: 'minimal',
  settings: { greeting: text('GREETING', 'Hello') },
  start: ({ config, log }) => {
    const { unary, clientStream, serverStream, bidiStream } = createHandlers({ log });
    const handlers = {
      say: unary((name: string) => `${config.greeting} ${name}`),
      gather: clientStream(async (names: AsyncIterable<string>) => {
        let last = '';
        for await (const name of names) last = name;
        return `${config.greeting} ${last}`;
      }),
      repeat: serverStream(async function* (name: string) {
        yield name;
      }),
      chat: bidiStream((names: AsyncIterable<string>) => names),
    };
    return { services: [implementation(EchoService, handlers)] };
  },
});
