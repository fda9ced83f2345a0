import type { Ran } from '@lockstep/agent/machine';
import type { SimulatedMux } from '../daemon/index.js';
import type { EffectLog } from './effects.js';

/** How systemd would answer for a unit: loaded and static as distributions ship it, masked by an administrator, or not installed. */
export type UnitFile = 'static' | 'masked' | 'not-installed';

/** A daemon that is told to stop and start again takes a moment. */
const RESTART_MS = 300;

/**
 * systemd as far as usbmuxd.service goes, in systemctl's words: `show` tells the daemon's state, `restart` really restarts it. As on a
 * real system udev starts the daemon with the first phone and it exits with the last one.
 */
export class ServiceManager {
  unitFile: UnitFile = 'static';
  /** The next restarts end in a failed unit, as with a daemon that crashes at its start. */
  restartFails = false;
  /** What the agent's user may do. */
  mayRestart = true;
  private busy: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly mux: SimulatedMux,
    private readonly effects: EffectLog,
  ) {}

  show(): Ran {
    const { pid, fault } = this.mux;
    const state =
      pid !== null
        ? ['active', 'running', 'success']
        : fault === 'mux-crashed' || this.restartFails
          ? ['failed', 'failed', 'core-dump']
          : ['inactive', 'dead', 'success'];
    const load = this.unitFile === 'not-installed' ? 'not-found' : this.unitFile === 'masked' ? 'masked' : 'loaded';
    const lines = {
      MainPID: pid ?? 0,
      NRestarts: 0,
      Result: state[2],
      LoadState: load,
      ActiveState: state[0],
      SubState: state[1],
      UnitFileState: this.unitFile === 'not-installed' ? '' : this.unitFile,
    };
    return done(
      0,
      `${Object.entries(lines)
        .map(([k, v]) => `${k}=${v}`)
        .join('\n')}\n`,
    );
  }

  async restart(): Promise<Ran> {
    const ok = this.mayRestart && this.unitFile === 'static' && !this.restartFails;
    this.effects.add({ effect: 'restart-asked', ok });
    if (!this.mayRestart) return done(4, '', 'Failed to restart usbmuxd.service: Access denied\n');
    if (this.unitFile === 'masked') return done(1, '', 'Failed to restart usbmuxd.service: Unit usbmuxd.service is masked.\n');
    if (this.unitFile === 'not-installed') return done(5, '', 'Failed to restart usbmuxd.service: Unit usbmuxd.service not found.\n');
    return await this.inTurn(async () => {
      // A wedged daemon is ended like any other; its fault ends with it.
      await this.mux.stop();
      await new Promise((r) => setTimeout(r, RESTART_MS));
      if (this.restartFails) return done(1, '', 'Job for usbmuxd.service failed because the control process exited with error code.\n');
      await this.mux.start();
      return done(0, '');
    });
  }

  /** udev: with a phone on the bus the daemon runs, without one it does not. A daemon that a fault keeps down stays down. */
  async follow(phones: number): Promise<void> {
    await this.inTurn(async () => {
      const down = this.mux.fault === 'mux-stopped' || this.mux.fault === 'mux-crashed' || this.restartFails || this.unitFile !== 'static';
      if (phones === 0 && this.mux.pid !== null && this.mux.fault === null) await this.mux.stop();
      if (phones > 0 && this.mux.pid === null && !down) await this.mux.start();
    });
  }

  /** One thing at a time, as a service manager does with the jobs of one unit. */
  private async inTurn<T>(job: () => Promise<T>): Promise<T> {
    const turn = this.busy.then(job);
    this.busy = turn.catch(() => {});
    return await turn;
  }
}

function done(exit: number, stdout: string, stderr = ''): Ran {
  return { exit, stdout, stderr, failure: null };
}
