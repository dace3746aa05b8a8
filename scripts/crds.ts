import { writeFile } from 'node:fs/promises';
import { customResourceDefinitions } from '@berth/contract/resources/crd';
import { stringify } from 'yaml';

/** Writes deploy/base/crds from the schemas in packages/contract. A unit test there fails when the files part from the schemas. */
for (const definition of customResourceDefinitions()) {
  const path = `deploy/base/crds/${definition.spec.names.plural}.yaml`;
  await writeFile(
    path,
    `# Made by \`npm run crds\` from packages/contract/src/resources.\n${stringify(definition, { lineWidth: 0 })}`,
  );
}
