import { expect, it, jest } from '@jest/globals';
import { ReadFailed, RecordedMachine } from '../../machine/index.js';
import { muxUnit } from './mux-unit.js';

const running = (pid: number) => ({ stdout: `LoadState=loaded\nActiveState=active\nMainPID=${pid}\nNRestarts=0\nResult=success\n` });
const STOPPED = { stdout: 'LoadState=loaded\nActiveState=inactive\nMainPID=0\nNRestarts=0\nResult=success\n' };
const NO_SYSTEMD = { exit: 1, stderr: 'System has not been booted with systemd as init system (PID 1).\n' };
const { signal } = new AbortController();

it.each([
  ['the process is the unit’s', [running(7)], '7\n9\n', 1],
  ['another process took its place', [running(7), running(77)], '77\n', 2],
  ['the unit has no process any more', [running(7), STOPPED], new ReadFailed('missing', 'cgroup'), 3],
  ['a number only looks like it', [running(7)], '77\n', 3],
  ['it is stopped', [STOPPED], '7\n', 3],
  ['no systemd runs here', [NO_SYSTEMD], '', 1],
  ['systemd did not answer', [{ failure: 'timeout' as const, exit: null }], '7\n', 3],
])('%s: systemctl is started as often as needed in three looks', async (_what, said, processes, starts) => {
  const machine = new RecordedMachine({ os: 'linux', commands: { 'usbmuxd-show': [...said] }, files: { 'mux-processes': processes } });
  for (let look = 0; look < 3; look++) await muxUnit(machine, signal);
  expect(machine.started.length).toBe(starts);
});

it('asks again after a minute, whatever the process', async () => {
  const clock = jest.spyOn(performance, 'now').mockReturnValue(1_000);
  try {
    const machine = new RecordedMachine({ os: 'linux', commands: { 'usbmuxd-show': running(7) }, files: { 'mux-processes': '7\n' } });
    for (const [at, starts] of [
      [1_000, 1],
      [60_900, 1],
      [61_000, 2],
    ] as const) {
      clock.mockReturnValue(at);
      expect(await muxUnit(machine, signal)).toEqual({ known: true, state: 'running', pid: 7, restarts: 0 });
      expect(machine.started.length).toBe(starts);
    }
  } finally {
    clock.mockRestore();
  }
});
