// Simulated phones in a process of their own, and the word to plug and unplug them.
import { createConnection } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { ROOT } from '../house.mjs';
import { startProgram } from './program.mjs';

/** A phone's key takes up to a second to make on a busy core, and there are thirty. */
const READY_MS = 120_000;

/** Phones that trust this computer, all of them plugged in at first. */
export class Lab {
  /** UDIDs in the order of the names. @type {string[]} */
  udids = [];
  /** @type {import('node:net').Socket | undefined} */
  #control;
  /** @type {((answer: any) => void)[]} */
  #asked = [];

  /** @param {string} folder @param {number} phones */
  constructor(folder, phones) {
    this.names = Array.from({ length: phones }, (_, i) => `phone-${i + 1}`);
    this.address = `UNIX:${join(folder, 'usbmuxd')}`;
    this.sysfs = join(folder, 'sys');
    this.folder = folder;
  }

  /** What a program needs to find the phones. */
  get env() {
    return { USBMUXD_SOCKET_ADDRESS: this.address, LOCKSTEP_SYSFS: this.sysfs, LOCKSTEP_LAB: '1' };
  }

  /** @param {import('../house.mjs').Deferred} end */
  async start(end) {
    const control = join(this.folder, 'control');
    const args = [join(ROOT, 'apps/lab/bin/lockstep-lab.mjs'), 'phone', '--listen', this.address, '--sysfs', this.sysfs];
    args.push('--control', control, '--seed', '1', ...this.names.flatMap((name) => ['--phone', `${name}=paired`]));
    const program = await startProgram({
      args,
      name: 'lab',
      folder: this.folder,
      ready: (line) => line.startsWith('ready '),
      timeoutMs: READY_MS,
    });
    end.defer(() => program.stop());
    this.udids = [...program.line.matchAll(/=(\S+)/g)].map(([, udid]) => udid ?? '');
    const socket = createConnection(control);
    await new Promise((resolve, reject) => socket.once('connect', () => resolve(undefined)).once('error', reject));
    end.defer(() => socket.destroy());
    createInterface({ input: socket }).on('line', (line) => this.#asked.shift()?.(JSON.parse(line)));
    this.#control = socket;
  }

  /**
   * @param {'plug' | 'unplug'} what
   * @param {number} number of the phone, from 0
   */
  async tell(what, number) {
    const answered = new Promise((resolve) => this.#asked.push(resolve));
    this.#control?.write(`${JSON.stringify({ do: what, phone: this.names[number] })}\n`);
    const answer = await answered;
    if (!answer.ok) throw new Error(`the lab could not ${what} a phone: ${answer.error?.message}`);
  }
}
