import type { Bed } from '@berth/bed/bed';

/** Applies a kustomization as a user would, resource definitions first; `image` is what the roles' pods run. */
export const applyManifests = async (bed: Bed, directory: string, image = 'berth:latest'): Promise<void> => {
  const manifests = await bed.kubectl(['kustomize', directory]);
  const crds = manifests.split(/^---$/m).filter((document) => document.includes('kind: CustomResourceDefinition'));
  await bed.kubectl(['apply', '--server-side', '-f', '-'], crds.join('---\n'));
  await bed.kubectl(['wait', '--for=condition=Established', 'crd', '--all', '--timeout=30s']);
  await bed.kubectl(
    ['apply', '--server-side', '-f', '-'],
    manifests.replaceAll('image: berth:latest', `image: ${image}`),
  );
};
