/** What a disk is made of; one volume group per medium and node. */
export const MEDIA = ['hdd', 'ssd', 'nvme'] as const;

export type Medium = (typeof MEDIA)[number];

export const isMedium = (value: string): value is Medium => (MEDIA as readonly string[]).includes(value);
