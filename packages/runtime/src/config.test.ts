import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import * as z from 'zod';
import { readConfig } from './config.ts';

const schema = z.object({ nodeName: z.string().min(1), metricsPort: z.coerce.number().int().default(9810) });
const read = (argv: string[], env: Record<string, string> = {}) => readConfig(schema, { argv, env });

const file = (content: string): string => {
  const directory = mkdtempSync(join(tmpdir(), 'berth-config-'));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  const path = join(directory, 'berth.yaml');
  writeFileSync(path, content);
  return path;
};

describe('settings', () => {
  it('come from flags before environment before file before defaults', async () => {
    const path = file('nodeName: from-file\nmetricsPort: 1\n');
    expect(await read(['--config', path])).toEqual({ nodeName: 'from-file', metricsPort: 1 });
    expect(await read(['--config', path], { BERTH_NODE_NAME: 'from-env' })).toMatchObject({ nodeName: 'from-env' });
    expect(await read(['--node-name', 'from-flag'], { BERTH_NODE_NAME: 'from-env' })).toEqual({
      nodeName: 'from-flag',
      metricsPort: 9810,
    });
  });

  it('name every problem at once', async () => {
    await expect(read(['--metrics-port', 'many'])).rejects.toThrow(/nodeName: .*\n.*metricsPort: /);
  });

  it('refuse what they do not know, and say what they do', async () => {
    await expect(read(['--node-nam', 'a'])).rejects.toThrow('known flags are --config, --node-name, --metrics-port');
    await expect(read(['--node-name', 'a', '--config', file('nodename: b')])).rejects.toThrow('nodename');
    await expect(read(['--config', '/no/such/file'])).rejects.toThrow('cannot read the settings file /no/such/file');
    await expect(read(['--config', file('[a]')])).rejects.toThrow('must be a map');
  });

  it('are frozen', async () => {
    expect(Object.isFrozen(await read(['--node-name', 'a']))).toBe(true);
  });
});
