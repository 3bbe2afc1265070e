// The process of the route guide's server: settings, Redis, gRPC, and a shutdown in the reverse order.
import { RouteGuideService } from '../../../proto/routeguide/v1/route_guide.ts';
import { descriptorSetBase64 } from '../../../proto/routeguide/v1/route_guide_descriptor.ts';
import {
  address,
  addressText,
  implementation,
  optional,
  runGrpcService,
  secret,
  text,
  wholeNumber,
} from '../../kit/index.ts';
import { readFeatures } from './features.ts';
import { connectRedis, createRedis, probeRedis } from '../../redis/client/connection.ts';
import { RedisStore } from './redis_store.ts';
import { routeGuideService } from './server.ts';

await runGrpcService({
  name: 'routeguide-server',
  settings: {
    redis: address('REDIS_ADDRESS'),
    redisUser: text('REDIS_USERNAME', 'default'),
    // Without: the user has no password.
    redisPassword: optional(secret('REDIS_PASSWORD')),
    // How many replicas must have a note before it is acknowledged.
    waitReplicas: wholeNumber('NOTES_WAIT_REPLICAS', { min: 0, max: 10, fallback: 0 }),
  },
  descriptorSets: [descriptorSetBase64],
  start: async ({ config, log }) => {
    const features = await readFeatures();
    const { redisPassword, waitReplicas } = config;
    const options = {
      address: config.redis,
      username: config.redisUser,
      ...(redisPassword === undefined ? {} : { password: redisPassword.reveal() }),
    };
    const redis = createRedis(options);
    const waiting = waitReplicas === 0 ? redis : createRedis({ ...options, commandTimeoutMs: 4000 });
    const store = new RedisStore({ redis, waitReplicas, waiting });
    return {
      services: [implementation(RouteGuideService, routeGuideService({ store, log }))],
      onListening: (server) => {
        connectRedis(redis, {
          log: log.child({ redis: addressText(config.redis) }),
          probe: () => probeRedis(options),
          prepare: async () => {
            const filled = await store.fill(features);
            log.info({ filled, features: features.features.length }, 'store holds the data set');
          },
          onReady: server.setReady,
        });
        if (waiting === redis) return;
        connectRedis(waiting, { log: log.child({ redis: 'notes' }), prepare: async () => {}, onReady: () => {} });
      },
      close: () => {
        for (const client of new Set([redis, waiting])) client.disconnect();
      },
    };
  },
});
