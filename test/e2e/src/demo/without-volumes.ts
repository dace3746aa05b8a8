import { parseAllDocuments } from 'yaml';

const VOLUMES = [
  ['spec', 'volumeClaimTemplates'],
  ['spec', 'template', 'spec', 'containers', 0, 'volumeMounts'],
];

/** A manifest whose StatefulSets have no claims, and whose containers mount none. */
export const withoutVolumes = (manifest: string): string =>
  parseAllDocuments(manifest)
    .map((document) => {
      for (const path of VOLUMES) if (document.hasIn(path)) document.deleteIn(path);
      // Some documents bring the line before them along, others don't.
      return document.toString({ directives: false });
    })
    .join('---\n');
