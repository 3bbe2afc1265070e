import { benchMain } from '../lib/bench.ts';
import { BENCHMARK } from './benchmark.ts';

await benchMain(BENCHMARK);
