import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';

type Labels = Readonly<Record<string, string>>;

/** Prometheus metrics of one process. Asking again for a name gives the same metric. */
export interface Metrics {
  counter(name: string, help: string, labels?: readonly string[]): { inc(labels?: Labels, by?: number): void };
  gauge(
    name: string,
    help: string,
    labels?: readonly string[],
  ): { set(labels: Labels, value: number): void; reset(): void };
  histogram(
    name: string,
    help: string,
    labels?: readonly string[],
    buckets?: readonly number[],
  ): { observe(labels: Labels, value: number): void };
  /** All metrics in Prometheus' text format. */
  text(): Promise<string>;
}

export const createMetrics = (): Metrics => {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const registers = [registry];

  const once = <T>(name: string, make: () => T): T => (registry.getSingleMetric(name) as T | undefined) ?? make();

  return {
    counter: (name, help, labels = []) => {
      const counter = once(name, () => new Counter({ name, help, labelNames: [...labels], registers }));
      return { inc: (values = {}, by = 1) => counter.inc(values, by) };
    },
    gauge: (name, help, labels = []) => {
      const gauge = once(name, () => new Gauge({ name, help, labelNames: [...labels], registers }));
      return { set: (values, value) => gauge.set(values, value), reset: () => gauge.reset() };
    },
    histogram: (name, help, labels = [], buckets = [0.001, 0.005, 0.02, 0.1, 0.5, 2, 10]) => {
      const histogram = once(
        name,
        () => new Histogram({ name, help, labelNames: [...labels], buckets: [...buckets], registers }),
      );
      return { observe: (values, value) => histogram.observe(values, value) };
    },
    text: () => registry.metrics(),
  };
};
