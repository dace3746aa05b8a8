import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { apiServerArguments, etcdArguments, schedulerConfiguration } from './arguments.ts';

const files = {
  pki: (name: string) => `/run/pki/${name}`,
  etcdData: '/run/etcd',
  kubeconfig: (component: string) => `/run/${component}.kubeconfig`,
  schedulerConfig: '/run/scheduler.yaml',
};

test('the API server finds nodes by address, because there is no DNS', () => {
  expect(apiServerArguments(files)).toContain('--kubelet-preferred-address-types=InternalIP');
});

test('etcd listens only inside the namespace', () => {
  expect(etcdArguments(files)).toContain('--listen-client-urls=http://127.0.0.1:2379');
});

test('without a configuration the scheduler runs with its defaults on this bed', () => {
  expect(parse(schedulerConfiguration(undefined, '/run/scheduler.kubeconfig'))).toEqual({
    apiVersion: 'kubescheduler.config.k8s.io/v1',
    kind: 'KubeSchedulerConfiguration',
    leaderElection: { leaderElect: false },
    clientConnection: { kubeconfig: '/run/scheduler.kubeconfig' },
  });
});

test('a given configuration keeps its extenders and limits and gets the kubeconfig of the bed', () => {
  const given =
    'kind: KubeSchedulerConfiguration\nextenders: [{urlPrefix: "http://127.0.0.1:9900"}]\nclientConnection: {qps: 500, kubeconfig: /elsewhere}\n';
  expect(parse(schedulerConfiguration(given, '/run/k'))).toMatchObject({
    extenders: [{ urlPrefix: 'http://127.0.0.1:9900' }],
    clientConnection: { qps: 500, kubeconfig: '/run/k' },
  });
});

test('refuses YAML of another kind', () => {
  expect(() => schedulerConfiguration('kind: Pod', '/run/k')).toThrow('must be a KubeSchedulerConfiguration');
});
