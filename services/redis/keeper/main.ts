// A keeper's process, beside a Redis in its pod: forms the cluster and holds it together, answers the kubelet.
// `main.js cli COMMAND…` and `main.js reshard` are what people run in it, by `kubectl exec`.
import { runService } from '../../kit/index.ts';
import { runCli } from './cli.ts';
import { expositionText, figuresOf } from './figures.ts';
import { serveHttp } from './http.ts';
import { keep } from './keeper.ts';
import { createOwn } from './own.ts';
import { openLink } from './link.ts';
import { parseInfo } from './nodes.ts';
import { followPasswords } from './passwords.ts';
import { credentialsFrom, EXPORTER, openLinks, SETTINGS } from './settings.ts';

const [command, ...args] = process.argv.slice(2);
if (command !== undefined) process.exit(await runCli(command, args));

await runService({
  name: 'redis-keeper',
  settings: SETTINGS,
  start: async ({ config, log, signal }) => {
    const { own, masters, nodes, secrets } = config;
    const links = openLinks({ nodes, own, secrets, log });
    const self = createOwn({ links, own, log });
    // Who only reads figures gets no further, whatever is wrong here.
    const reader = openLink({
      endpoint: { host: '127.0.0.1', port: nodes[own]?.port ?? 6379 },
      credentials: () => credentialsFrom(`${secrets}/exporter-password`, EXPORTER, log),
    });
    const figures = async () => {
      const [info, cluster] = await Promise.all([reader.text('INFO', 'everything'), reader.text('CLUSTER', 'INFO')]);
      return { info: parseInfo(info), cluster: parseInfo(cluster) };
    };
    const server = await serveHttp({
      port: config.port,
      log,
      routes: {
        '/live': async () => ({ status: 200, text: 'alive' }),
        '/ready': () => self.ready(),
        '/end': () => self.end(),
        '/metrics': async () => ({
          status: 200,
          text: expositionText(figuresOf(await figures().catch(() => undefined))),
          contentType: 'text/plain; version=0.0.4; charset=utf-8',
        }),
      },
    });
    const [ownLink] = links.slice(own);
    const others = links.filter((link) => link !== ownLink);
    const followed =
      ownLink === undefined ? undefined : followPasswords({ link: ownLink, others, folder: secrets, log, signal });
    const kept = keep({ links, own, masters, log, signal });
    log.info({ port: server.port, own, masters, servers: nodes.length }, 'listening');
    return async () => {
      await server.stop();
      await Promise.all([kept, followed]);
      for (const link of [...links, reader]) link.close();
    };
  },
});
