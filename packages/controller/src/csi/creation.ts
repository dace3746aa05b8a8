import { AppError } from '@berth/contract/errors';
import { describeLayout, layoutOf } from '@berth/contract/layout';
import { formatBytes } from '@berth/contract/quantity';
import type { LogicalVolume } from '@berth/contract/resources/logical-volume';
import { agentMessage, isManagedByCsi, isOutOfCapacity } from '../logical-volume.ts';
import { sizeOf } from '../persistent-volume.ts';
import { describeKind } from './capabilities.ts';
import type { CreationRequest } from './creation-request.ts';

/** What is to be done for a call for a volume. */
export type CreationStep =
  | { readonly kind: 'create' }
  /** The agent has it in hand. */
  | { readonly kind: 'wait' }
  | { readonly kind: 'done'; readonly volume: LogicalVolume }
  /** Nobody has been told of it, so it may go; the caller gets the error and asks again. */
  | { readonly kind: 'drop'; readonly volume: LogicalVolume; readonly error: AppError };

/**
 * The next step towards the volume that a call asks for. Pure. Throws AlreadyExists when the name is taken by a volume
 * that is not as asked for, Aborted while an earlier one of the name is on its way out.
 */
export const nextStep = (
  wanted: CreationRequest,
  volume: LogicalVolume | undefined,
  nodeExists: boolean,
): CreationStep => {
  if (volume === undefined) return { kind: 'create' };
  const { name } = volume.metadata;
  if (!isManagedByCsi(volume)) throw taken(`volume ${name} was made for its claim, not by a call`);
  if (volume.metadata.deletionTimestamp) throw new AppError('Aborted', `volume ${name} is being deleted`);
  checkKind(wanted, volume);
  const { nodeName } = volume.spec;
  if (volume.status?.phase === 'Ready') {
    checkFinished(wanted, volume);
    return { kind: 'done', volume };
  }
  if (!nodeExists) return drop(volume, 'Unavailable', `node ${nodeName} does not exist any more`);
  if (wanted.nodes.among?.has(nodeName) === false) {
    return drop(volume, 'Aborted', `volume ${name} was begun on node ${nodeName}, where it may not be any more`);
  }
  if (isOutOfCapacity(volume)) {
    return drop(volume, 'OutOfCapacity', `node ${nodeName} has no room for the volume: ${agentMessage(volume)}`);
  }
  return { kind: 'wait' };
};

const checkKind = ({ request }: CreationRequest, { metadata, spec }: LogicalVolume): void => {
  if (spec.medium !== request.medium) {
    throw taken(`volume ${metadata.name} is on ${spec.medium} disks, not ${request.medium}`);
  }
  for (const [has, wants] of [
    [describeKind(spec), describeKind(request)],
    [describeLayout(layoutOf(spec)), describeLayout(request.layout)],
  ]) {
    if (has !== wants) throw taken(`volume ${metadata.name} is ${has}, not ${wants}`);
  }
};

const checkFinished = ({ range, nodes }: CreationRequest, volume: LogicalVolume): void => {
  const { metadata, spec } = volume;
  const bytes = sizeOf(volume);
  if (bytes < range.least || bytes > range.most) {
    const asked = range.least > bytes ? `at least ${formatBytes(range.least)}` : `at most ${formatBytes(range.most)}`;
    throw taken(`volume ${metadata.name} has ${formatBytes(bytes)}, not ${asked}`);
  }
  if (nodes.among?.has(spec.nodeName) === false) {
    throw taken(`volume ${metadata.name} is on node ${spec.nodeName}, which the call does not allow`);
  }
};

const drop = (volume: LogicalVolume, code: AppError['code'], sentence: string): CreationStep => ({
  kind: 'drop',
  volume,
  error: new AppError(code, `${sentence}; it is placed again when you ask again`),
});

const taken = (sentence: string): AppError => new AppError('AlreadyExists', sentence);
