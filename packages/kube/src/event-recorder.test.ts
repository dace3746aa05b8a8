import { silentLogger } from '@berth/runtime/logger';
import { createManualClock } from '@berth/runtime/manual-clock';
import { expect, it } from 'vitest';
import { createEventRecorder } from './event-recorder.ts';
import { EVENTS } from './resources.ts';
import { createFakeKubeClient } from './testing/fake-kube-client.ts';

const POD = { kind: 'Pod', metadata: { namespace: 'shop', name: 'es-0', uid: 'uid-es-0' } };

const setUp = () => {
  const client = createFakeKubeClient();
  const clock = createManualClock();
  const recorderOf = (component: string) => createEventRecorder({ client, component, clock, logger: silentLogger });
  /** Events by component, words and count, once all that was recorded is written. */
  const told = async () => {
    await clock.advance(0);
    const { items } = await client.list(EVENTS, {});
    return items.map(({ source, message, count }) => `${source?.component}: ${message} ×${count}`);
  };
  return { clock, recorderOf, told };
};

it('counts what it tells again within ten minutes, and tells it anew later', async () => {
  const { clock, recorderOf, told } = setUp();
  const recorder = recorderOf('controller');
  const tell = (message: string) => recorder.record(POD, { type: 'Warning', reason: 'Late', message });
  tell('it is late');
  tell('it is late');
  tell('it is very late');
  expect(await told()).toEqual(['controller: it is late ×2', 'controller: it is very late ×1']);
  await clock.advance(600_000);
  tell('it is late');
  expect(await told()).toHaveLength(3);
});

it('keeps one event for what stands, whoever tells of it, with the newest words', async () => {
  const { recorderOf, told } = setUp();
  const [one, other] = [recorderOf('extender'), recorderOf('controller')];
  const tell = (recorder: typeof one, message: string, uid = 'uid-es-0') =>
    recorder.record(
      { ...POD, metadata: { ...POD.metadata, uid } },
      { type: 'Warning', reason: 'NoRoom', message, standing: true },
    );
  tell(one, '64 GiB are held');
  tell(one, '32 GiB are held');
  expect(await told()).toEqual(['extender: 32 GiB are held ×1']);
  tell(other, 'nothing is left');
  expect(await told()).toEqual(['controller: nothing is left ×1']);
  tell(one, 'of a new pod of the same name', 'uid-new');
  expect(await told()).toHaveLength(2);
});
