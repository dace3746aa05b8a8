import { expect, test } from 'vitest';
import { nodeAddress, nodePodCidr, tapName } from './network.ts';

test('the first node follows the gateway with some room between', () => {
  expect([nodeAddress(1), nodePodCidr(1)]).toEqual(['10.90.0.11', '10.244.1.0/24']);
});

test('refuses an index whose addresses would leave the bridge network', () => {
  expect(() => nodeAddress(0)).toThrow('between 1 and 99');
  expect(() => nodeAddress(100)).toThrow('between 1 and 99');
});

test('a tap is named after its node as far as the kernel allows, and long names stay distinct', () => {
  expect(tapName('node-1')).toBe('tap-node-1');
  const [first, second] = [tapName('storage-node-1'), tapName('storage-node-2')];
  expect(first).not.toBe(second);
  expect(first.length).toBeLessThanOrEqual(15);
});
