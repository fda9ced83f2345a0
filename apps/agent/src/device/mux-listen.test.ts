import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from '@jest/globals';
import type { Call } from '../../test/fake-mux.js';
import { attached, FakeMux, result, UDID } from '../../test/fake-mux.js';
import type { MuxClient, MuxClientOptions } from './mux-client.js';
import { encodeMuxFrame, encodeMuxPlist } from './mux-frames.js';
import type { MuxListenHandlers, MuxListenOptions } from './mux-listen.js';

let mux: FakeMux;
afterEach(() => mux.close());

async function serve(script: (call: Call) => void, patience: Partial<MuxClientOptions> = {}): Promise<MuxClient> {
  mux = new FakeMux(script);
  return mux.listen(patience);
}

describe('Listen', () => {
  function record(client: MuxClient, options: MuxListenOptions = {}) {
    const told: string[] = [];
    const handlers: MuxListenHandlers = {
      attached: (d) => told.push(`attached ${d.deviceId} ${d.udid}`),
      detached: (d) => told.push(`detached ${d.deviceId} ${d.udid}`),
      paired: (d) => told.push(`paired ${d.deviceId}`),
      up: () => told.push('up'),
      down: (error, ms) => told.push(`down ${error.kind} ${ms}`),
    };
    return { told, stop: client.listen(handlers, { stableMs: 60_000, firstRetryMs: 20, maxRetryMs: 100, random: () => 1, ...options }) };
  }

  async function until(condition: () => boolean): Promise<void> {
    for (let i = 0; i < 2000 && !condition(); i++) await sleep(5);
    expect(condition()).toBe(true);
  }

  it('tells of phones that are there, come, go, and are paired', async () => {
    const client = await serve(({ socket, tag }) => {
      socket.write(Buffer.concat([result(0, tag), encodeMuxPlist(attached(1, UDID), 0)]));
      socket.write(encodeMuxPlist(attached(2, 'not a udid'), 0));
      socket.write(encodeMuxPlist({ MessageType: 'Paired', DeviceID: 1 }, 0));
      socket.write(encodeMuxPlist({ MessageType: 'Something', DeviceID: 1 }, 0));
      socket.write(encodeMuxPlist({ MessageType: 'Detached', DeviceID: 2 }, 0));
      socket.write(encodeMuxPlist({ MessageType: 'Detached', DeviceID: 1 }, 0));
      socket.write(encodeMuxPlist(attached(3, UDID), 0));
    });
    const { told, stop } = record(client);
    await until(() => told.length === 5);
    expect(told).toEqual(['up', `attached 1 ${UDID}`, 'paired 1', `detached 1 ${UDID}`, `attached 3 ${UDID}`]);
    await stop();
    expect(told).toHaveLength(5);
    await mux.abandoned();
  });

  it('connects again after a loss, and tells its phones gone', async () => {
    let round = 0;
    const client = await serve(({ socket, tag }) => {
      round++;
      socket.write(Buffer.concat([result(0, tag), encodeMuxPlist(attached(round, UDID), 0)]));
    });
    const { told, stop } = record(client);
    await until(() => told.length === 2);
    mux.drop();
    await until(() => told.length === 6);
    expect(told.slice(2)).toEqual([`detached 1 ${UDID}`, 'down closed 20', 'up', `attached 2 ${UDID}`]);
    await stop();
  });

  it('waits longer and longer while it fails, up to a limit, and starts small again after a good while', async () => {
    let good = false;
    const client = await serve(({ socket, tag }) => socket.write(result(good ? 0 : 1, tag)));
    const { told, stop } = record(client, { stableMs: 30 });
    await until(() => told.length === 5);
    expect(told).toEqual(['down mux 20', 'down mux 40', 'down mux 80', 'down mux 100', 'down mux 100']);
    good = true;
    await until(() => told.at(-1) === 'up');
    await sleep(50);
    mux.drop();
    await until(() => told.at(-1) !== 'up');
    expect(told.find((line) => line.startsWith('down closed'))).toBe('down closed 20');
    await stop();
  });

  it('spreads its returns by chance', async () => {
    const client = await serve(({ socket }) => socket.end());
    const { told, stop } = record(client, { random: () => 0 });
    await until(() => told.length >= 2);
    expect(told.slice(0, 2)).toEqual(['down closed 10', 'down closed 20']);
    await stop();
  });

  it('starts anew on garbage, and on more phones than a computer has', async () => {
    let round = 0;
    const client = await serve(({ socket, tag }) => {
      round++;
      socket.write(result(0, tag));
      if (round === 1) socket.write(encodeMuxFrame({ version: 1, message: 8, tag: 0, body: Buffer.from('garbage') }));
      if (round === 2) for (let i = 1; i <= 257; i++) socket.write(encodeMuxPlist(attached(i, UDID), 0));
    });
    const { told, stop } = record(client);
    await until(() => told.filter((line) => line === 'up').length === 3);
    const gone = told.filter((line) => line.startsWith('detached'));
    expect(gone).toHaveLength(256);
    expect(told.filter((line) => line.startsWith('down')).map((line) => line.split(' ')[1])).toEqual(['garbage', 'too-large']);
    await stop();
  });

  it.each(['by its own stop', 'by a signal'])('ends %s, at once: asked, unanswered, or pausing', async (how) => {
    const client = await serve(() => {}, { replyMs: 150 });
    for (const wait of [5, 60, 200]) {
      const controller = new AbortController();
      const { told, stop } = record(client, { signal: controller.signal, firstRetryMs: 5_000, maxRetryMs: 5_000 });
      await sleep(wait);
      if (how === 'by a signal') controller.abort();
      const before = performance.now();
      await stop();
      expect(performance.now() - before).toBeLessThan(3_000);
      const heard = told.length;
      await sleep(20);
      expect(told).toHaveLength(heard);
    }
    await mux.abandoned();
  });
});
