import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createConnection, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { newPairRecord } from '@lockstep/agent/device';
import fc from 'fast-check';
import { Bench } from '../daemon/index.js';
import { ControlServer } from './control.js';
import { tellCommand } from './tell-command.js';

describe('ControlServer', () => {
  let dir: string;
  let path: string;
  let bench: Bench;
  let control: ControlServer;
  let socket: Socket;
  let lines: AsyncIterator<string>;
  const send = (text: string) => void socket.write(text);
  const hear = async () => JSON.parse((await lines.next()).value as string) as Record<string, unknown>;
  const ask = (command: object) => {
    send(`${JSON.stringify(command)}\n`);
    return hear();
  };
  const tell = async (...words: string[]) => {
    const out: string[] = [];
    const code = await tellCommand.run([path, ...words], { out: (l) => out.push(l), err: () => {}, stop: new AbortController().signal });
    return { code, answer: JSON.parse(out[0] ?? 'null') as { ok: boolean; error?: unknown } };
  };

  beforeEach(async () => {
    dir = mkdtempSync(join(tmpdir(), 'lockstep-lab-test-'));
    path = join(dir, 'control.sock');
    bench = new Bench({ seed: 'control', recordsDir: join(dir, 'records') });
    bench.add({ name: 'anna' });
    bench.plug('anna');
    await bench.mux.start();
    control = new ControlServer(bench, path);
    await control.listen();
    socket = createConnection(path);
    lines = createInterface(socket)[Symbol.asyncIterator]();
  });
  afterEach(async () => {
    socket.destroy();
    await control.close();
    await bench.close();
    rmSync(dir, { recursive: true, force: true });
  });

  it('is for its own user, and gone when it is closed', async () => {
    expect(statSync(path).mode & 0o777).toBe(0o600);
    await control.close();
    expect(existsSync(path)).toBe(false);
  });

  it('tells the state, changes faults, and echoes ids, in order', async () => {
    send('{"do":"fault","phone":"anna","fault":"locked","id":1}\n{"do":"status","id":"two"}\n');
    expect(await hear()).toEqual({ id: 1, ok: true });
    expect(await hear()).toMatchObject({
      id: 'two',
      ok: true,
      mux: { fault: null },
      phones: [{ name: 'anna', locked: true, faults: ['locked'], plugged: true }],
    });
    expect(await ask({ do: 'unlock', phone: 'anna' })).toEqual({ ok: true });
    expect(bench.phone('anna').locked).toBe(false);
    expect(await ask({ do: 'faults' })).toMatchObject({
      ok: true,
      faults: expect.arrayContaining([expect.objectContaining({ fault: 'mux-stopped', cause: 'C30' })]),
    });
  });

  it('plays holder and cable', async () => {
    const phone = bench.phone('anna');
    expect(await ask({ do: 'trust', phone: 'anna' })).toEqual({
      ok: false,
      error: { field: 'phone', message: 'no trust dialog is on the screen' },
    });
    const record = await newPairRecord(await phone.devicePublicKey(), { systemBuid: 'B' });
    const { DeviceCertificate, HostCertificate, RootCertificate } = record.forPhone();
    const offer = {
      hostId: record.hostId,
      systemBuid: 'B',
      carriesPrivateKey: false,
      deviceCertificate: DeviceCertificate as Uint8Array,
      hostCertificate: HostCertificate as Uint8Array,
      rootCertificate: RootCertificate as Uint8Array,
    };
    expect(await phone.pair(offer)).toEqual({ error: 'PairingDialogResponsePending' });
    expect(await ask({ do: 'trust', phone: 'anna' })).toEqual({ ok: true });
    expect(await phone.pair(offer)).toHaveProperty('EscrowBag');
    expect(await ask({ do: 'unplug', phone: 'anna' })).toEqual({ ok: true });
    expect(bench.mux.attached).toEqual([]);
    expect(await ask({ do: 'plug', phone: 'anna' })).toEqual({ ok: true });
    expect(bench.mux.attached).toHaveLength(1);
    expect(await ask({ do: 'forget', phone: 'anna' })).toEqual({ ok: true });
    expect(phone.trustedHosts).toEqual([]);
    expect(await ask({ do: 'habit', phone: 'anna', trustAfterMs: 5 })).toEqual({ ok: true });
    expect(phone.habits.trustAfterMs).toBe(5);
  });

  it('stops, garbles and restarts the daemon', async () => {
    const { pid } = bench.mux;
    expect(await ask({ do: 'mux', fault: 'mux-stopped' })).toEqual({ ok: true });
    expect(bench.mux.pid).toBeNull();
    expect(await ask({ do: 'mux', fault: null })).toEqual({ ok: true });
    expect(await ask({ do: 'restart-mux' })).toEqual({ ok: true });
    expect([null, pid]).not.toContain(bench.mux.pid);
  });

  it('watches', async () => {
    expect(await ask({ do: 'watch' })).toMatchObject({ ok: true, phones: [{ name: 'anna' }] });
    bench.setFault('anna', 'hang');
    expect(await hear()).toMatchObject({ event: 'change', phones: [{ faults: ['hang'] }] });
  });

  it.each([
    ['{', 'line'],
    ['7', 'line'],
    ['{}', 'do'],
    ['{"do":"explode"}', 'do'],
    ['{"do":"fault","phone":"anna","fault":"no-such"}', 'fault'],
    ['{"do":"fault","phone":"anna","fault":"mux-stopped"}', 'fault'],
    ['{"do":"fault","phone":"nobody","fault":"hang"}', 'phone'],
    ['{"do":"fault","fault":"hang"}', 'phone'],
    ['{"do":"lock","phone":7}', 'phone'],
    ['{"do":"lock","phone":"anna","speed":1}', 'speed'],
    ['{"do":"mux","fault":"hang"}', 'fault'],
    ['{"do":"habit","phone":"anna","trustAfterMs":-1}', 'trustAfterMs'],
    ['{"do":"begin","phone":"anna","as":"odd"}', 'as'],
  ])('answers %s by naming %s', async (line, field) => {
    send(`${line}\n`);
    expect(await hear()).toEqual({ ok: false, error: { field, message: expect.stringMatching(/\w/) } });
    expect(await ask({ do: 'status' })).toMatchObject({ ok: true });
  });

  it('answers each line of anything with one object, and lives on', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(
          fc.json(),
          fc.string().map((s) => `x${s.replace(/[\r\n\u2028\u2029]/g, '')}`),
        ),
        async (line) => {
          send(`${line.replace(/[\r\n\u2028\u2029]/g, ' ')}\n`);
          expect(await hear()).toHaveProperty('ok', false);
        },
      ),
      { numRuns: 60 },
    );
    expect(await ask({ do: 'status' })).toMatchObject({ ok: true });
  });

  it('ends a line without end', async () => {
    send('x'.repeat(70_000));
    expect(await hear()).toMatchObject({ ok: false, error: { field: 'line' } });
    await new Promise((done) => socket.once('close', done));
  });

  it('is reached by the command line', async () => {
    expect(await tell('fault', 'anna', 'hang')).toEqual({ code: 0, answer: { ok: true } });
    expect([...bench.phone('anna').faults]).toEqual(['hang']);
    expect(await tell('clear', 'anna')).toEqual({ code: 0, answer: { ok: true } });
    expect(await tell('trust', 'anna')).toMatchObject({ code: 1, answer: { ok: false, error: { field: 'phone' } } });
    await expect(tell('fault', 'anna', 'odd')).rejects.toThrow(/^tell: fault: /);
    await expect(tell('habit', 'anna', 'soon')).rejects.toThrow(/^tell: trustAfterMs: /);
    await control.close();
    await expect(tell('status')).rejects.toThrow('no lab listens there');
  });

  it('takes no place of a file that is no socket', async () => {
    writeFileSync(join(dir, 'file'), 'kept');
    await expect(new ControlServer(bench, join(dir, 'file')).listen()).rejects.toThrow('is not a socket');
    await expect(new ControlServer(bench, join(dir, 'none', 'c')).listen()).rejects.toThrow('its folder does not exist');
  });
});
