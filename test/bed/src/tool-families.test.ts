import { expect, test } from 'vitest';
import { moduleVersion, saysVersion, toolFamilies } from './tool-families.ts';

test('finds the version of a requirement, in a block and on a line of its own', () => {
  const goMod =
    'module m\ntool k8s.io/kubernetes/cmd/kubectl\nrequire (\n\tk8s.io/kubernetes v1.36.3 // indirect\n)\nrequire a.b/c v0.1.0\n';
  expect(moduleVersion(goMod, 'k8s.io/kubernetes')).toBe('v1.36.3');
  expect(moduleVersion(goMod, 'a.b/c')).toBe('v0.1.0');
  expect(() => moduleVersion(goMod, 'k8s.io')).toThrow('requires no version of k8s.io');
});

test('only exactly the wanted version of an installed program will do', () => {
  expect(saysVersion('Kubernetes v1.36.3\n', 'v1.36.3')).toBe(true);
  expect(saysVersion('etcd Version: 3.6.6\nGit SHA: x', 'v3.6.6')).toBe(true);
  expect(saysVersion('Kubernetes v1.36.30\n', 'v1.36.3')).toBe(false);
  expect(saysVersion('Client Version: v1.32.4-dispatcher\n', 'v1.36.3')).toBe(false);
});

test('Kubernetes programs are told their version by the linker', () => {
  const kubernetes = toolFamilies.find(({ module }) => module === 'kubernetes');
  expect(kubernetes?.linkerFlags('v1.36.3')).toBe(
    '-s -w -X k8s.io/component-base/version.gitVersion=v1.36.3 -X k8s.io/component-base/version.gitMajor=1 -X k8s.io/component-base/version.gitMinor=36',
  );
});
