import { describeLayouts } from '@berth/agent/testing/lvm-layout-behaviour';
import { describeLeaving } from '@berth/agent/testing/lvm-leaving-behaviour';
import { REAL, useRealLvm } from '../testing/real-lvm.ts';

const setup = useRealLvm('disks');

describeLayouts(REAL, setup);
describeLeaving(REAL, setup);
