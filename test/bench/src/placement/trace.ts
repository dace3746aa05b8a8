import { MEDIA, type Medium } from '@berth/contract/medium';
import { randomFrom } from '../statistics.ts';

const GiB = 1024 ** 3;

export type Asked = Readonly<Partial<Record<Medium, number>>>;

/** Disks of the three kinds of server that the traces are played on, in GiB. */
const SERVERS: readonly Readonly<Record<Medium, number>>[] = [
  { hdd: 48_000, ssd: 3_600, nvme: 7_000 },
  { hdd: 24_000, ssd: 7_200, nvme: 3_500 },
  { hdd: 96_000, ssd: 1_800, nvme: 1_750 },
];

/** Bytes by medium of each node. */
export const servers = (count: number): Readonly<Record<Medium, number>>[] =>
  Array.from({ length: count }, (_, index) => inBytes(SERVERS[index % SERVERS.length] ?? {}));

/** Claims of pods of a data platform: hot and warm search nodes, column stores, brokers, and small things. */
const PODS: readonly { readonly share: number; readonly gib: Asked; readonly spread: number }[] = [
  { share: 0.3, gib: { nvme: 400 }, spread: 3 },
  { share: 0.2, gib: { hdd: 6_000, ssd: 100 }, spread: 2 },
  { share: 0.2, gib: { nvme: 200, hdd: 3_000 }, spread: 2 },
  { share: 0.2, gib: { ssd: 500 }, spread: 3 },
  { share: 0.1, gib: { ssd: 20 }, spread: 5 },
];

/** An endless trace of pods, the same for the same seed; sizes vary by the pod's factor, up and down. */
export function* trace(seed: number): Generator<Asked> {
  const random = randomFrom(seed);
  for (;;) {
    let at = random();
    const kind = PODS.find(({ share }) => {
      at -= share;
      return at < 0;
    });
    const { gib, spread } = kind ?? { gib: { ssd: 20 }, spread: 1 };
    const factor = spread ** (2 * random() - 1);
    yield inBytes(Object.fromEntries(Object.entries(gib).map(([medium, size]) => [medium, Math.ceil(size * factor)])));
  }
}

const inBytes = <T extends Asked>(gib: T): Record<Medium, number> => {
  const entries = MEDIA.filter((medium) => gib[medium] !== undefined).map((medium) => [
    medium,
    (gib[medium] ?? 0) * GiB,
  ]);
  return Object.fromEntries(entries) as Record<Medium, number>;
};
