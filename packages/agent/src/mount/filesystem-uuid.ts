import { createHash } from 'node:crypto';

const UUID = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** The UUID of a volume's file system: the claim's, which ends the volume's name; for other names one derived from it. */
export const filesystemUuid = (volumeName: string): string => {
  const own = UUID.exec(volumeName)?.[0];
  if (own !== undefined) return own.toLowerCase();
  const hex = createHash('sha256').update(volumeName).digest('hex');
  // The version and variant digits of RFC 9562, version 8: of our own making.
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
};
