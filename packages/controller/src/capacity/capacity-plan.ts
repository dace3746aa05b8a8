import type { CSIStorageCapacity } from '@berth/kube/types';

export interface CapacityChanges {
  readonly create: readonly CSIStorageCapacity[];
  /** The object as it is, and the capacity it should say. */
  readonly patch: readonly { readonly object: CSIStorageCapacity; readonly capacity: string }[];
  readonly remove: readonly CSIStorageCapacity[];
}

/** What must be written so that a node's objects say what they should; nothing for those that do. Pure. */
export const planCapacities = (
  wanted: readonly CSIStorageCapacity[],
  present: readonly CSIStorageCapacity[],
): CapacityChanges => {
  const known = new Map(present.map((object) => [nameOf(object), object]));
  const names = new Set(wanted.map(nameOf));
  return {
    create: wanted.filter((object) => !known.has(nameOf(object))),
    patch: wanted.flatMap(({ capacity = '0', ...next }) => {
      const object = known.get(nameOf(next));
      return object === undefined || object.capacity === capacity ? [] : [{ object, capacity }];
    }),
    remove: present.filter((object) => !names.has(nameOf(object))),
  };
};

const nameOf = ({ metadata }: Pick<CSIStorageCapacity, 'metadata'>): string =>
  `${metadata?.namespace}/${metadata?.name}`;
