import { expect, it } from 'vitest';
import * as z from 'zod';
import { commonSettings } from './role.ts';
import { describeSettings } from './settings-help.ts';

it('explains every setting with its flag, variable, choices and default', () => {
  const schema = z.object({
    nodeName: z.string().meta({ description: 'Name of the Node object.' }),
    ...commonSettings(9810),
  });
  const text = describeSettings('berth-agent', schema);
  expect(text).toContain('--node-name, BERTH_NODE_NAME\n      Name of the Node object.');
  expect(text).toContain(
    '--metrics-port, BERTH_METRICS_PORT\n      Port of /healthz, /readyz and /metrics. Default: 9810.',
  );
  expect(text).toContain('Least important message that is logged. One of debug, info, warn, error. Default: info.');
});
