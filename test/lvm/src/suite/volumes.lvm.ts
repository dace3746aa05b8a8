import { describeVolumes } from '@berth/agent/testing/lvm-volume-behaviour';
import { REAL, useRealLvm } from '../testing/real-lvm.ts';

describeVolumes(REAL, useRealLvm('volumes'));
