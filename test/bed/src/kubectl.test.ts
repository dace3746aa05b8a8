import { expect, test } from 'vitest';
import { readyNodes } from './kubectl.ts';

const node = (name: string, status: string) => ({
  metadata: { name },
  status: { conditions: [{ type: 'Ready', status }] },
});
const lease = (name: string, renewTime: string) => ({ metadata: { name }, spec: { renewTime } });
const since = Date.parse('2026-01-01T00:00:10Z');

test('a node counts as Ready only once its kubelet has spoken since the start', () => {
  const nodes = [node('new', 'True'), node('old', 'True'), node('silent', 'True'), node('ill', 'False')];
  const leases = [
    lease('new', '2026-01-01T00:00:11.5Z'),
    lease('old', '2026-01-01T00:00:09Z'),
    lease('ill', '2026-01-01T00:00:12Z'),
  ];
  expect([...readyNodes(nodes, leases, since)]).toEqual(['new']);
});
