import { parseArgs } from 'node:util';
import { createRegistry } from './registry.ts';

// Runs in the bed's network namespace, as a process of its own, for as long as the bed is up.
const { values } = parseArgs({
  options: { root: { type: 'string' }, host: { type: 'string' }, port: { type: 'string' } },
});
if (values.root === undefined || values.host === undefined || values.port === undefined) {
  throw new Error('registry-main.ts needs --root DIRECTORY --host ADDRESS --port PORT');
}
createRegistry(values.root).listen(Number(values.port), values.host);
