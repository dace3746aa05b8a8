import { writeFile } from 'node:fs/promises';
import { describeInterfaces } from '@berth/agent/testing/describe-interfaces';

/** Writes the agent's description of the interfaces in proto/. A unit test there fails when the two part. */
await writeFile('packages/agent/src/csi/interfaces.json', `${JSON.stringify(describeInterfaces())}\n`);
