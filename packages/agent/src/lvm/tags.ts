import { DRIVER_NAME } from '@berth/contract/names';

/** On every volume group and logical volume that is ours. What lacks it is never changed or removed. */
export const OWNER_TAG = DRIVER_NAME;

/**
 * On a logical volume whose making is not over: LVM makes a mirrored one in several steps, and one that was cut off in between must not be
 * used. It has never been given to anybody.
 */
export const UNFINISHED_TAG = `${DRIVER_NAME}/unfinished`;

/** On a logical volume that has never been mounted: the only ones that may be formatted. */
export const NEW_TAG = `${DRIVER_NAME}/new`;

/** On a physical volume that is being emptied because an operator wants its disk out. Goes with the physical volume. */
export const LEAVING_TAG = `${DRIVER_NAME}/leaving`;
