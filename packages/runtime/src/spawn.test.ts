import { performance } from 'node:perf_hooks';
import { describe, expect, it } from 'vitest';
import { spawner } from './spawn.ts';

describe('the spawner', () => {
  it('gives exit code and both outputs apart', async () => {
    const result = await spawner.run(['sh', '-c', 'echo out; echo err >&2; exit 3'], { timeoutMs: 5000 });
    expect(result).toEqual({ exitCode: 3, stdout: 'out\n', stderr: 'err\n' });
  });

  it('runs under LC_ALL=C whatever the caller says', async () => {
    const result = await spawner.run(['sh', '-c', 'echo $LC_ALL'], { timeoutMs: 5000, env: { LC_ALL: 'de_DE.UTF-8' } });
    expect(result.stdout).toBe('C\n');
  });

  it('passes arguments without a shell', async () => {
    const result = await spawner.run(['printf', '%s', '$(id); `id`'], { timeoutMs: 5000 });
    expect(result.stdout).toBe('$(id); `id`');
  });

  it('trap 39: kills the whole process group at the deadline', async () => {
    const started = performance.now();
    const running = spawner.run(['sh', '-c', 'sleep 60 & echo $!; wait'], { timeoutMs: 300 });
    await expect(running).rejects.toMatchObject({ code: 'Timeout' });
    expect(performance.now() - started).toBeLessThan(10_000);
  });

  it('tells when the program has ended, also after its deadline', async () => {
    const { promise: ended, resolve } = Promise.withResolvers<void>();
    const running = spawner.run(['sleep', '60'], { timeoutMs: 100, onEnded: resolve });
    await expect(running).rejects.toMatchObject({ code: 'Timeout' });
    await ended;
  });

  it('kills on abort', async () => {
    const controller = new AbortController();
    const running = spawner.run(['sleep', '60'], { timeoutMs: 60_000, signal: controller.signal });
    setTimeout(() => controller.abort(), 50);
    await expect(running).rejects.toMatchObject({ code: 'Aborted' });
  });

  it('says which program is missing', async () => {
    await expect(spawner.run(['no-such-program-here'], { timeoutMs: 1000 })).rejects.toMatchObject({
      code: 'NotFound',
      message: expect.stringContaining('no-such-program-here'),
    });
  });

  it('trap 38: drains an output larger than a pipe', async () => {
    const result = await spawner.run(['head', '-c', '3000000', '/dev/zero'], { timeoutMs: 10_000 });
    expect(result.stdout.length).toBe(3_000_000);
  });
});
