import { expect, test } from 'vitest';
import { createAgentDecoder, encodeCommand, encodeSync } from './guest-agent-frames.ts';

const delimiter = Buffer.of(0xff);

test('the sync begins with the byte that makes the agent forget half a command', () => {
  expect(encodeSync(5)[0]).toBe(0xff);
  expect(encodeSync(5).subarray(1).toString()).toBe('{"execute":"guest-sync-delimited","arguments":{"id":5}}\n');
});

test('a command is one line', () => {
  expect(encodeCommand('guest-ping', {}).toString()).toBe('{"execute":"guest-ping","arguments":{}}\n');
});

test('what an earlier client left unread is dropped up to the answer of this sync', () => {
  const decode = createAgentDecoder(42);
  const stale = '{"return":{"pid":1}}\n';
  const otherSync = Buffer.concat([delimiter, Buffer.from('{"return":41}\n')]);
  expect(decode(Buffer.concat([Buffer.from(stale), otherSync]))).toEqual({ synced: false, answers: [] });
  expect(decode(Buffer.concat([delimiter, Buffer.from('{"return":42}\n')]))).toEqual({ synced: true, answers: [] });
});

test('an answer cut in two is given out when its line ends', () => {
  const decode = createAgentDecoder(1);
  decode(Buffer.concat([delimiter, Buffer.from('{"return":1}\n{"ret')]));
  expect(decode(Buffer.from('urn":{"exited":true}}\n')).answers).toEqual([{ return: { exited: true } }]);
});
