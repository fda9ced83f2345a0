import { type Changes, Unscripted } from '@lockstep/agent/machine';

/** What fixes change without a command, as far as this simulation knows it; the rest ends the test by name. */
export function simulatedChanges(known: Partial<Changes>): Changes {
  const unknown = (what: string) => async (): Promise<never> => {
    throw new Unscripted(`change ${what}`);
  };
  return {
    setUsbSwitch: unknown('setUsbSwitch'),
    placeDropIn: unknown('placeDropIn'),
    removeDropIn: unknown('removeDropIn'),
    writeHosts: unknown('writeHosts'),
    makeDriverFolder: unknown('makeDriverFolder'),
    moveCaches: unknown('moveCaches'),
    moveCachesBack: unknown('moveCachesBack'),
    setRecordFolder: unknown('setRecordFolder'),
    ...known,
  };
}
