/** Types and reasons of the conditions by which the roles tell each other something. Apart from the schemas, which take time to make. */

/** Condition of a NodeStorage: False when LVM gives no report, so that nothing is known of the disks. */
export const CONDITION_LVM = 'LvmAnswers';

/** Condition of a LogicalVolume: True when it can be mounted. */
export const CONDITION_READY = 'Ready';
/** Reason of the condition Ready=False when the node's volume group has no room: the claim is to be scheduled again. */
export const REASON_OUT_OF_CAPACITY = 'ResourceExhausted';
/** Reason of the condition Ready=True when less is asked for than the volume has. */
export const REASON_NEVER_SHRINKS = 'NeverShrinks';
/** Condition of a LogicalVolume with two copies: True while it has only one that can be relied on; absent otherwise. */
export const CONDITION_DEGRADED = 'Degraded';
/** Condition of a LogicalVolume: False while neither a claim nor a persistent volume knows it; absent otherwise. */
export const CONDITION_CLAIMED = 'Claimed';
