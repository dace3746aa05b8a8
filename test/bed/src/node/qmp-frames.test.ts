import { expect, test } from 'vitest';
import { createQmpDecoder } from './qmp-frames.ts';

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
