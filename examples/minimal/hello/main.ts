// Answers every request with a greeting; stops when told to.
import { createServer } from 'node:http';
import { pino } from 'pino';

const log = pino();
const server = createServer((_request, response) => response.end('hello\n'));
server.listen(8080, () => log.info({ port: 8080 }, 'listening'));
process.on('SIGTERM', () => server.close(() => log.info('drained')));
