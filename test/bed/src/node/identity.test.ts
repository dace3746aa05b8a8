import { expect, test } from 'vitest';
import { becomeNodeScript, cniConfiguration } from './identity.ts';

const script = becomeNodeScript({
  join: {
    nodeName: 'n1',
    address: '10.90.0.11',
    podCidr: '10.244.1.0/24',
    files: { '/etc/kubernetes/kubelet.yaml': { content: 'kind: KubeletConfiguration', mode: 0o644 } },
  },
  gateway: '10.90.0.1',
  uuid: '01234567-89ab-4cde-8f01-23456789abcd',
  nowMs: 1_700_000_000_250,
});

const contentOf = (path: string) =>
  Buffer.from(new RegExp(`'${path}.new' <<'END'\\n([^']*)END`).exec(script)?.[1] ?? '', 'base64').toString();

test('the clock is set before anything else, since a restored machine has the time of its saving', () => {
  expect(script.split('\n').slice(0, 2)).toEqual(['set -eu', 'date -u -s @1700000000.250 >/dev/null']);
});

test('what kubelet and the network need to know lies in files, so that a later boot needs nothing from outside', () => {
  expect(contentOf('/etc/bed/node.env')).toBe('NODE_NAME=n1\nNODE_ADDRESS=10.90.0.11\nNODE_GATEWAY=10.90.0.1\n');
  expect(contentOf('/etc/machine-id')).toBe('0123456789ab4cde8f0123456789abcd\n');
  expect(contentOf('/etc/kubernetes/kubelet.yaml')).toBe('kind: KubeletConfiguration');
});

test('kubelet is started only when everything is on the disk', () => {
  expect(script.indexOf('\nsync\n')).toBeLessThan(script.indexOf('systemctl start --no-block'));
});

test('pods get addresses of the node and are not masqueraded', () => {
  expect(JSON.parse(cniConfiguration('10.244.1.0/24'))).toMatchObject({
    plugins: [{ ipMasq: false, ipam: { ranges: [[{ subnet: '10.244.1.0/24' }]] } }],
  });
});
