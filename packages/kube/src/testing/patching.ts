type Json = Record<string, unknown>;

const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** JSON merge patch (RFC 7396); with a status subresource only the status is taken, without one everything else. */
export const mergePatched = (object: object, patch: object, subresource: 'status' | undefined): object =>
  merge(object as Json, half(patch as Json, subresource), true);

/** What server-side apply with force does to the fields that are given; fields left out stay. */
export const applyOver = (object: object, applied: object, subresource: 'status' | undefined): object => {
  const part = half(applied as Json, subresource);
  // Our status is owned by one manager, so what it leaves out is gone.
  if (subresource === 'status') return { ...object, status: part.status };
  return merge(object as Json, part, false);
};

/** Whether two objects differ in nothing but their resource version. */
export const sameContent = (one: object, other: object): boolean => canonical(one) === canonical(other);

const half = (patch: Json, subresource: 'status' | undefined): Json => {
  if (subresource === 'status') return { metadata: onlyPreconditions(patch.metadata), status: patch.status };
  const { status: _status, ...rest } = patch;
  return rest;
};

const onlyPreconditions = (metadata: unknown): Json => {
  const { uid, resourceVersion } = (metadata ?? {}) as Json;
  return { ...(uid !== undefined && { uid }), ...(resourceVersion !== undefined && { resourceVersion }) };
};

const merge = (target: Json, patch: Json, deleteNulls: boolean): Json => {
  const result: Json = { ...target };
  for (const [key, value] of Object.entries(patch)) {
    const before = result[key];
    if (value === null && deleteNulls) delete result[key];
    else if (isObject(value)) result[key] = merge(isObject(before) ? before : {}, value, deleteNulls);
    else result[key] = value;
  }
  return result;
};

const canonical = (object: object): string =>
  JSON.stringify(object, (key, value: unknown) => {
    if (key === 'resourceVersion') return undefined;
    return isObject(value) ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))) : value;
  });
