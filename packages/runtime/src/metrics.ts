// One by one: the package's own index brings in a push client, a cluster of processes and a tracing library.
import Counter from 'prom-client/lib/counter.js';
import Gauge from 'prom-client/lib/gauge.js';
import Histogram from 'prom-client/lib/histogram.js';
import Registry from 'prom-client/lib/registry.js';

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
  /** All metrics in Prometheus' text format. The process itself is measured from the first call on. */
  text(): Promise<string>;
}

export const createMetrics = (): Metrics => {
  const registry = new Registry();
  const registers = [registry];
  let process: Promise<void> | undefined;

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
    text: async () => {
      process ??= measureProcess(registry);
      await process;
      return registry.metrics();
    },
  };
};

/** Not before somebody asks: it costs a sixth of an agent's start, and then ten wake-ups a second for the delay of the event loop. */
const measureProcess = async (register: Registry): Promise<void> => {
  const { default: collectDefaultMetrics } = await import('prom-client/lib/defaultMetrics.js');
  collectDefaultMetrics({ register, eventLoopMonitoringPrecision: 100 });
};
