import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { listenToBus } from './hotplug.js';

describe('the bus, as Linux tells it', () => {
  let dir: string;
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'lockstep-bus-'));
  });
  afterEach(async () => {
    await rm(dir, { recursive: true, force: true });
  });

  it('tells of a device that comes and goes, on a bus that was there and on one that was not', async () => {
    await mkdir(join(dir, '001'));
    const heard: (() => void)[] = [];
    const next = () => new Promise<void>((resolve) => heard.push(resolve));
    const stop = await listenToBus(
      'linux',
      () => {
        for (const r of heard.splice(0)) r();
      },
      dir,
    );
    if (!stop) throw new Error('nobody listens');
    let told = next();
    await writeFile(join(dir, '001', '007'), '');
    await told;
    told = next();
    await rm(join(dir, '001', '007'));
    await told;
    told = next();
    await mkdir(join(dir, '002'));
    await told;
    await new Promise((r) => setTimeout(r, 50));
    told = next();
    await writeFile(join(dir, '002', '001'), '');
    await told;
    await stop();
  });

  it('cannot be heard where there is none', async () => {
    expect(await listenToBus('linux', () => {}, join(dir, 'none'))).toBeNull();
  });
});
