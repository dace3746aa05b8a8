import { expect, it } from 'vitest';
import { slimClaim, slimNode, slimPod, slimStorage, slimVolume } from './slim.ts';
import { claim, node, nodeStorage, pod, volume } from './testing/fixture.ts';

const bulk = { managedFields: [{ manager: 'kubelet' }], annotations: { 'kubectl.kubernetes.io/last-applied': 'x' } };

it('forgets what the extender never looks at', () => {
  const manyImages = { images: [{ names: ['a', 'b'], sizeBytes: 1 }] };
  const full = node('n1', { rack: 'r1' });
  expect(slimNode({ ...full, metadata: { ...full.metadata, ...bulk }, status: manyImages })).toEqual(full);

  const running = pod('es-0', ['data'], { labels: { 'es-cluster-name': 'es', 'pod-template-hash': '5d4' } });
  const slim = slimPod({ ...running, metadata: { ...running.metadata, ...bulk }, status: { podIP: '10.0.0.1' } });
  expect(slim.metadata).toEqual({ ...running.metadata, labels: { 'es-cluster-name': 'es' } });
  expect(slim.status).toBeUndefined();

  const selected = claim('data', { selectedNode: 'n1' });
  const annotations = { ...selected.metadata?.annotations, ...bulk.annotations };
  expect(slimClaim({ ...selected, metadata: { ...selected.metadata, annotations } })).toEqual(selected);

  expect(slimStorage(nodeStorage('n1', 10)).status?.groups?.[0]?.physicalVolumes).toEqual([]);
  const { diskFree } = slimStorage(nodeStorage('n1', 10, { diskFree: ['4Gi', '6Gi'] })).status?.groups?.[0] ?? {};
  expect(diskFree).toEqual(['4Gi', '6Gi']);
  expect(slimVolume({ ...volume('data', 'n1'), status: { phase: 'Ready', size: '100Gi', conditions: [] } })).toEqual(
    volume('data', 'n1'),
  );
});

it('keeps of a pod only the volumes that are claims', () => {
  const busy = pod('es-0', ['data']);
  busy.spec?.volumes?.push({ name: 'config', configMap: { name: 'es' } });
  expect(slimPod(busy).spec?.volumes).toEqual([{ name: 'data', persistentVolumeClaim: { claimName: 'data' } }]);
});
