import fc from 'fast-check';
import { must, randomCampaign } from './random-campaign.ts';
import { clusterHappening, playCluster } from './random-cluster.ts';
import { lossHappening, playLoss } from './random-loss.ts';

const crashes = fc.array(fc.record({ call: fc.nat(250), when: fc.constantFrom('before' as const, 'after' as const) }), {
  maxLength: 12,
});

/** The controller on an API server in memory, killed at random calls. */
export const runControllerCrash = randomCampaign('controller-crash', [
  {
    name: "claim's life",
    property: fc.asyncProperty(
      fc.record({
        reclaimPolicy: fc.constantFrom('Delete' as const, 'Retain' as const),
        firstIsFull: fc.boolean(),
        happenings: fc.array(clusterHappening, { maxLength: 25, size: 'max' }),
        crashes,
      }),
      async (given) => must(await playCluster(given)),
    ),
  },
  {
    name: 'set of three on nodes that are lost and removed',
    property: fc.asyncProperty(
      fc.record({ happenings: fc.array(lossHappening, { maxLength: 40, size: 'max' }), crashes }),
      async (given) => must(await playLoss(given)),
    ),
  },
]);
