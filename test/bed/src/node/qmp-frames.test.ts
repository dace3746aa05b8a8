import { expect, test } from 'vitest';
import { createQmpDecoder, encodeQmpCommand } from './qmp-frames.ts';

test('a message that arrives in two pieces is given out once, when it is whole', () => {
  const decode = createQmpDecoder();
  expect(decode('{"ret')).toEqual([]);
  expect(decode('urn":{},"id":7}\r\n')).toEqual([{ return: {}, id: 7 }]);
});

test('several messages in one piece keep their order', () => {
  const decode = createQmpDecoder();
  expect(decode('{"event":"A"}\r\n{"id":1,"return":[]}\r\n{"ev')).toEqual([{ event: 'A' }, { id: 1, return: [] }]);
  expect(decode('ent":"B"}\r\n')).toEqual([{ event: 'B' }]);
});

test('a number beyond what a double holds keeps its digits', () => {
  expect(encodeQmpCommand('device_add', { wwn: 0x5000c500a1b2c3d5n, slot: 1 }, 7)).toBe(
    '{"execute":"device_add","arguments":{"wwn":5764824129537754069,"slot":1},"id":7}\n',
  );
});
