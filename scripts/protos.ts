import { writeFile } from 'node:fs/promises';
import { describeInterfaces } from '@berth/csi/testing/describe-interfaces';

/** Writes the descriptions of the interfaces in proto/ that the roles load. A unit test there fails when the two part. */
for (const role of ['node', 'controller'] as const) {
  await writeFile(`packages/csi/src/${role}-interfaces.json`, `${JSON.stringify(describeInterfaces(role))}\n`);
}
