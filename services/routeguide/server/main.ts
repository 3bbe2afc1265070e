// The process of the route guide's server: settings, Redis, gRPC, and a shutdown in the reverse order.
import { RouteGuideService } from '../../../proto/routeguide/v1/route_guide.ts';
import { descriptorSetBase64 } from '../../../proto/routeguide/v1/route_guide_descriptor.ts';
import { address, addressText, implementation, runGrpcService } from '../../kit/index.ts';
import { readFeatures } from './features.ts';
import { connectRedis, createRedis } from './redis_connection.ts';
import { RedisStore } from './redis_store.ts';
import { routeGuideService } from './server.ts';

await runGrpcService({
  name: 'routeguide-server',
  settings: { redis: address('REDIS_ADDRESS') },
  descriptorSets: [descriptorSetBase64],
  start: async ({ config, log }) => {
    const features = await readFeatures();
    const redis = createRedis(config.redis);
    const store = new RedisStore(redis);
    return {
      services: [implementation(RouteGuideService, routeGuideService({ store, log }))],
      onListening: (server) => {
        connectRedis(redis, {
          log: log.child({ redis: addressText(config.redis) }),
          prepare: async () => {
            const filled = await store.fill(features);
            log.info({ filled, features: features.features.length }, 'store holds the data set');
          },
          onReady: server.setReady,
        });
      },
      close: () => redis.disconnect(),
    };
  },
});
