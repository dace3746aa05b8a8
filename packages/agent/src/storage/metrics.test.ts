import { createMetrics } from '@berth/runtime/metrics';
import { expect, it } from 'vitest';
import { createRemovalMetrics } from './metrics.ts';

it('counts the disks that are to leave by phase, and tells what is left on each until it is out', async () => {
  const metrics = createMetrics();
  const show = createRemovalMetrics(metrics);
  show({ removals: [{ disk: 'x', phase: 'Moving', left: '12Mi', message: '' }] });
  const during = await metrics.text();
  expect(during).toContain('berth_disk_removals{phase="Moving"} 1');
  expect(during).toContain('berth_disk_removal_left_bytes{disk="x"} 12582912');
  show({ removals: [{ disk: 'x', phase: 'Removed', message: '' }] });
  const after = await metrics.text();
  expect(after).toContain('berth_disk_removals{phase="Moving"} 0');
  expect(after).toContain('berth_disk_removals{phase="Removed"} 1');
  expect(after).not.toContain('disk="x"');
});
