import { expect, it } from 'vitest';
import { judgeHealth } from './judge-health.ts';

const ok = (body: object | string) => ({
  statusCode: 200,
  body: typeof body === 'string' ? body : JSON.stringify(body),
});

it.each([
  ['green', ok({ status: 'green' }), undefined, undefined],
  ['yellow, which only a member that works need fear', ok({ status: 'yellow' }), undefined, /yellow/],
  ['red', ok({ status: 'red' }), /red/, /red/],
  ['that it has not heard from all', ok({ status: 'green', timed_out: true }), /in time/, /in time/],
  ['something that is no JSON', ok('Ok.\n'), undefined, undefined],
  ['JSON that is no object', ok('null'), undefined, undefined],
  ['an error', { statusCode: 503, body: '{"status":"green"}' }, /503/, /503/],
  ['where else to look', { statusCode: 302, body: '' }, /302/, /302/],
] as const)('an application that says %s', (_, answer, lost, planned) => {
  for (const [isPlanned, expected] of [
    [false, lost],
    [true, planned],
  ] as const) {
    const verdict = judgeHealth(answer, isPlanned);
    if (expected === undefined) expect(verdict).toBeUndefined();
    else expect(verdict).toMatch(expected);
  }
});
