import { readFileSync } from 'node:fs';
import { AGENT_PODS } from '@berth/kube/agent-silence';
import { expect, it } from 'vitest';
import { extenderConfigSchema } from './config.ts';

const deployed = (file: string): string => readFileSync(new URL(`../../../deploy/${file}`, import.meta.url), 'utf8');

const SCHEDULER = deployed('scheduler/kube-scheduler-config.yaml');

it('answers before kube-scheduler gives up: the deadline is below httpTimeout', () => {
  const { deadlineMs } = extenderConfigSchema.parse({ tlsCert: 'tls.crt', tlsKey: 'tls.key' });
  const seconds = Number(/httpTimeout: (\d+)s/.exec(SCHEDULER)?.[1]);
  expect(deadlineMs).toBeLessThanOrEqual(seconds * 1000 - 500);
});

it('takes the weights from where the controller takes them', () => {
  const source = (file: string) => /envFrom:\s+- configMapRef:\s+name: (\S+)/.exec(deployed(file))?.[1];
  expect([source('base/extender.yaml'), source('base/controller.yaml')]).toEqual([
    'berth-placement',
    'berth-placement',
  ]);
});

it('marks pods with the resource that the scheduler goes by', () => {
  const mark = /managedResources:\s+#\s+- name: (\S+)/.exec(SCHEDULER)?.[1];
  const marked = deployed('claims-only/mark-pods.yaml').matchAll(/(requests|limits): \{"([^"]+)": "1"\}/g);
  expect([...marked].map(([, where, name]) => `${where} ${name}`)).toEqual([`requests ${mark}`, `limits ${mark}`]);
});

it('knows the pods of agents by the labels that they get', () => {
  const [, name, component] =
    /kind: DaemonSet[\s\S]+?labels: &labels\s+(\S+: \S+)\s+(\S+: \S+)/.exec(deployed('base/agent.yaml')) ?? [];
  expect(AGENT_PODS.labelSelector).toBe([name, component].join(',').replaceAll(': ', '='));
});
