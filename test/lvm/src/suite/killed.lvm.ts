import { describeCutOff } from '@berth/agent/testing/lvm-cut-off-behaviour';
import { REAL, useRealLvm } from '../testing/real-lvm.ts';

describeCutOff(REAL, useRealLvm('killed'));
