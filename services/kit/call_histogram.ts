// How long calls took, as a histogram of Prometheus. That of prom-client looks its labels up at each observation, which
// a busy server would pay for with every call: here they are looked up once, and written when Prometheus asks.
import {
  Histogram,
  type HistogramConfiguration,
  type MetricObjectWithValues,
  type MetricValueWithName,
} from 'prom-client';

type Labels = Readonly<Record<string, string>>;
type Values = MetricObjectWithValues<MetricValueWithName<string>>;

/** Observations that have the same labels. */
export interface Series {
  observe(value: number): void;
}

class Tally implements Series {
  readonly labels: Labels;
  readonly #bounds: readonly number[];
  /** Of each bound, and of what is above the last one. Not summed up. */
  readonly #counts: number[];
  #sum = 0;

  constructor(labels: Labels, bounds: readonly number[]) {
    this.labels = labels;
    this.#bounds = bounds;
    this.#counts = Array.from({ length: bounds.length + 1 }, () => 0);
  }

  observe(value: number): void {
    let index = 0;
    while (index < this.#bounds.length && value > (this.#bounds[index] ?? 0)) index += 1;
    this.#counts[index] = (this.#counts[index] ?? 0) + 1;
    this.#sum += value;
  }

  values(name: string): MetricValueWithName<string>[] {
    let count = 0;
    const buckets = this.#counts.map((own, index) => {
      count += own;
      return {
        metricName: `${name}_bucket`,
        labels: { le: this.#bounds[index] ?? '+Inf', ...this.labels },
        value: count,
      };
    });
    return [
      ...buckets,
      { metricName: `${name}_sum`, labels: this.labels, value: this.#sum },
      { metricName: `${name}_count`, labels: this.labels, value: count },
    ];
  }
}

/** A histogram whose series are taken once and kept. */
export class CallHistogram extends Histogram {
  readonly #name: string;
  readonly #help: string;
  readonly #bounds: readonly number[];
  readonly #tallies: Tally[] = [];

  /** `buckets`: upper bounds, ascending. */
  constructor(
    configuration: Omit<HistogramConfiguration<string>, 'buckets'> & { readonly buckets: readonly number[] },
  ) {
    super({ ...configuration, buckets: [...configuration.buckets] });
    this.#name = configuration.name;
    this.#help = configuration.help;
    this.#bounds = configuration.buckets;
  }

  /** What takes observations with these labels, to be asked for once. */
  series(labels: Labels): Series {
    const tally = new Tally(labels, this.#bounds);
    this.#tallies.push(tally);
    return tally;
  }

  override async get(): Promise<Values> {
    return {
      name: this.#name,
      help: this.#help,
      // Declared as a number, which it is not.
      type: 'histogram' as unknown as Values['type'],
      aggregator: 'sum',
      collect: () => undefined,
      values: this.#tallies.flatMap((tally) => tally.values(this.#name)),
    };
  }

  /** What a registry asks for when it writes text. */
  async getForPromString(): Promise<Values> {
    return this.get();
  }
}
