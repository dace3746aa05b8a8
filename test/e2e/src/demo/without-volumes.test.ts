import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { withoutVolumes } from './without-volumes.ts';

it("takes the volumes out of the demo's set and leaves the rest as it is", async () => {
  const manifest = await readFile(new URL('../../manifests/elasticsearch.yaml', import.meta.url), 'utf8');
  const [service, set, ...others] = parseAllDocuments(manifest).map((document) => document.toJS());
  const [plainService, plainSet, ...none] = parseAllDocuments(withoutVolumes(manifest)).map((each) => each.toJS());
  expect([others, none]).toEqual([[], []]);
  expect(plainService).toEqual(service);
  expect(set.spec.volumeClaimTemplates).toHaveLength(2);
  delete set.spec.volumeClaimTemplates;
  delete set.spec.template.spec.containers[0].volumeMounts;
  expect(plainSet).toEqual(set);
});
