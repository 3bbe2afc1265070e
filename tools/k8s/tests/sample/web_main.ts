// Answers with its greeting.
import { createServer } from 'node:http';

const server = createServer((_request, response) => response.end(`${process.env['greeting']}\n`));
server.listen(8080);
process.once('SIGTERM', () => {
  server.close();
  server.closeAllConnections();
});
