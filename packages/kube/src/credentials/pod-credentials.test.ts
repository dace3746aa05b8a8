import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createManualClock } from '@berth/runtime/manual-clock';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { podCredentials } from './pod-credentials.ts';

describe('the service account of a pod', () => {
  let directory: string;

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'service-account-'));
    await writeFile(join(directory, 'token'), 'first\n');
    await writeFile(join(directory, 'ca.crt'), 'certificate');
  });
  afterEach(() => rm(directory, { recursive: true }));

  it('is shown as a bearer token beside the authority of the cluster', async () => {
    const credentials = podCredentials(directory, 'https://10.0.0.1:443', createManualClock());
    expect(await credentials.options()).toEqual({ ca: 'certificate', headers: { authorization: 'Bearer first' } });
  });

  it('follows a token that kubelet replaced, a minute later at most', async () => {
    const clock = createManualClock();
    const credentials = podCredentials(directory, 'https://10.0.0.1:443', clock);
    await credentials.options();
    await writeFile(join(directory, 'token'), 'second');
    await clock.advance(60_000);
    expect((await credentials.options()).headers).toEqual({ authorization: 'Bearer second' });
  });

  it('is read again at once when its token was refused, though not more often than each second', async () => {
    const clock = createManualClock();
    const credentials = podCredentials(directory, 'https://10.0.0.1:443', clock);
    const token = async () => (await credentials.options()).headers;
    credentials.refused?.();
    expect(await token()).toEqual({ authorization: 'Bearer first' });
    await writeFile(join(directory, 'token'), 'second');
    await clock.advance(999);
    credentials.refused?.();
    expect(await token()).toEqual({ authorization: 'Bearer first' });
    await clock.advance(1);
    expect(await token()).toEqual({ authorization: 'Bearer second' });
    await writeFile(join(directory, 'token'), 'third');
    await clock.advance(59_999);
    expect(await token()).toEqual({ authorization: 'Bearer second' });
    credentials.refused?.();
    expect(await token()).toEqual({ authorization: 'Bearer third' });
  });

  it('that cannot be read is Unavailable, and the next request tries again', async () => {
    const credentials = podCredentials(directory, 'https://10.0.0.1:443', createManualClock());
    await rm(join(directory, 'token'));
    await expect(credentials.options()).rejects.toThrow("cannot read the pod's service account");
    await writeFile(join(directory, 'token'), 'back');
    expect((await credentials.options()).headers).toEqual({ authorization: 'Bearer back' });
  });
});
