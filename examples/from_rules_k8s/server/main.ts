// Greets over http; stops when told to.
import { createServer } from 'node:http';
import { pino } from 'pino';
import { loadWords } from './words.ts';
import { greet } from '../greeting/greeting.ts';

const log = pino();
const [port = '8080'] = process.argv.slice(2).filter((word) => /^\d+$/.test(word));
const words = await loadWords('server/words.txt');
const server = createServer((request, response) => {
  const name = new URL(request.url ?? '/', 'http://shop').searchParams.get('name') ?? 'stranger';
  response.end(`${greet({ name }, words, Number(process.env['HOUR'] ?? new Date().getHours()))}\n`);
});
server.listen(Number(port), () => log.info({ port, arguments: process.argv.slice(2) }, 'listening'));
process.on('SIGTERM', () => server.close(() => log.info('drained')));
