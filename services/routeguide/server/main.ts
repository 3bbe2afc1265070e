// The process of the route guide's server: settings, Redis, gRPC, and a shutdown in the reverse order.
import { RouteGuideService } from '../../../proto/routeguide/v1/route_guide.ts';
import { descriptorSetBase64 } from '../../../proto/routeguide/v1/route_guide_descriptor.ts';
import { addReflection, address, addressText, runService, startGrpcServer, wholeNumber } from '../../kit/index.ts';
import { readFeatures } from './features.ts';
import { connectRedis, createRedis } from './redis_connection.ts';
import { RedisStore } from './redis_store.ts';
import { routeGuideService } from './server.ts';

await runService({
  name: 'routeguide-server',
  settings: {
    port: wholeNumber('PORT', { min: 0, max: 65_535, fallback: 50_051 }),
    redis: address('REDIS_ADDRESS'),
    drainMs: wholeNumber('DRAIN_TIMEOUT_MS', { min: 0, max: 600_000, fallback: 15_000 }),
  },
  start: async ({ config, log }) => {
    const features = await readFeatures();
    const redis = createRedis(config.redis);
    const store = new RedisStore(redis);
    const server = await startGrpcServer({
      port: config.port,
      serviceNames: ['routeguide.v1.RouteGuide'],
      register: (grpc) => {
        grpc.addService(RouteGuideService, routeGuideService({ store, log }));
        addReflection(grpc, descriptorSetBase64);
      },
      log,
    });
    connectRedis(redis, {
      log: log.child({ redis: addressText(config.redis) }),
      prepare: async () => {
        const filled = await store.fill(features);
        log.info({ filled, features: features.features.length }, 'store holds the data set');
      },
      onReady: server.setReady,
    });
    log.info({ port: server.port }, 'listening');
    return async () => {
      await server.drain(config.drainMs);
      redis.disconnect();
    };
  },
});
