import { expect, test } from 'vitest';
import { parseCommandLine } from './commands.ts';

test('options of kubectl are not taken for those of the bed', () => {
  expect(parseCommandLine(['kubectl', '--bed', 'b', 'get', 'pods', '-n', 'x'])).toMatchObject({
    command: 'kubectl',
    bed: 'b',
    rest: ['get', 'pods', '-n', 'x'],
  });
});

test('the bed may be named before the command or among its options', () => {
  expect(parseCommandLine(['--bed', 'b', 'down']).bed).toBe('b');
  expect(parseCommandLine(['plug', 'node-1', 'extra', '--size', '4G', '--bed', 'b'])).toMatchObject({
    bed: 'b',
    rest: ['node-1', 'extra'],
    options: { size: '4G' },
  });
});

test('an unknown option is refused', () => {
  expect(() => parseCommandLine(['up', '--node', '3'])).toThrow('--node');
});
