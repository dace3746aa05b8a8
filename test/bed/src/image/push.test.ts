import { expect, test } from 'vitest';
import { parseName } from './push.ts';

test('the name of an image of the bed has a repository and a tag', () => {
  expect(parseName('registry.bed:5000/berth:dev')).toEqual({ repository: 'berth', tag: 'dev' });
  expect(parseName('registry.bed:5000/team/app:1.2')).toEqual({ repository: 'team/app', tag: '1.2' });
});

test('an image of another registry, without a tag or with a digest is refused', () => {
  for (const name of [
    'docker.io/berth:dev',
    'registry.bed:5000/berth',
    'registry.bed:5000/berth@sha256:00',
    'berth:dev',
  ]) {
    expect(() => parseName(name)).toThrow('must look like registry.bed:5000/NAME:TAG');
  }
});
