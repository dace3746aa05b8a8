import type { NodeState } from '@berth/placement/model';

interface Place {
  readonly state: NodeState;
  /** Who was asked for after this one the last time. */
  next: Place | undefined;
  /** Not deleted or replaced since. */
  valid: boolean;
}

/**
 * States by name. kube-scheduler names thousands of nodes, in much the same order each time: that the name is the one that
 * followed last time is found out faster than where it lies in a map.
 */
export const createNamedStates = () => {
  const places = new Map<string, Place>();
  let last: Place | undefined;

  const follow = (place: Place): NodeState => {
    if (last) last.next = place;
    last = place;
    return place.state;
  };

  const remove = (name: string): void => {
    const place = places.get(name);
    if (place === undefined) return;
    place.valid = false;
    place.next = undefined;
    places.delete(name);
  };

  return {
    get: (name: string): NodeState | undefined => {
      const guess = last?.next;
      if (guess?.valid && guess.state.name === name) {
        last = guess;
        return guess.state;
      }
      const found = places.get(name);
      return found && follow(found);
    },
    set: (state: NodeState): void => {
      remove(state.name);
      const place: Place = { state, next: undefined, valid: true };
      places.set(state.name, place);
      follow(place);
    },
    delete: remove,
  };
};
