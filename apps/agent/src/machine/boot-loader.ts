import type { UsbDevice } from 'usb/index.js';
import { parseBootSerial } from './apple-usb.js';

/** What became of telling a phone's boot loader to start normally. */
export type StartNormally =
  /** All three lines were sent: it keeps starting by itself, and starts. */
  | 'sent'
  /** No phone with that ECID shows the cable picture. Nothing was sent. */
  | 'not-found'
  /** The system did not let it be opened, or something else holds it. Nothing was sent. */
  | 'not-permitted'
  /** It was opened and did not take a line. */
  | 'broken-off'
  /** The native package is not there for this system. Nothing was sent. */
  | 'unsupported';

/** The part of a native device that is used. */
export type BootDevice = Pick<UsbDevice, 'vendorId' | 'productId' | 'serialNumber' | 'open' | 'close' | 'nativeControlTransferOut'>;

/** What irecovery's `-n` says to the boot loader, line by line (irecovery.c): start by yourself from now on, keep that, start. */
const LINES = ['setenv auto-boot true', 'saveenv', 'reboot'] as const;
const APPLE = 0x05ac;
/** The four of libirecovery.h that are recovery mode: the boot loader listens there. In DFU nothing does. */
const RECOVERY = [0x1280, 0x1281, 0x1282, 0x1283];
/** USB_TIMEOUT of libirecovery.c, ms. */
const TRANSFER_MS = 5_000;

/**
 * Tells the boot loader of one phone, known by its ECID (sixteen digits in capitals), to start normally. Each line is a control transfer to
 * the device as such: vendor request 0 with the text and a NUL (libirecovery.c, irecv_send_command_raw). Nothing else can be said this way.
 * The last one may fail to be acknowledged because the phone is gone by then. Never rejects.
 */
export async function startNormally(ecid: string, devices: () => Promise<BootDevice[]> = nativeDevices): Promise<StartNormally> {
  let found: BootDevice | undefined;
  try {
    found = (await devices()).find((d) => isInRecovery(d) && parseBootSerial(d.serialNumber ?? '')?.ecid === ecid);
  } catch {
    return 'unsupported';
  }
  if (!found) return 'not-found';
  try {
    await found.open();
  } catch {
    return 'not-permitted';
  }
  try {
    for (const line of LINES) {
      try {
        await found.nativeControlTransferOut(
          { requestType: 'vendor', recipient: 'device', request: 0, value: 0, index: 0 },
          TRANSFER_MS,
          new TextEncoder().encode(`${line}\0`),
        );
      } catch {
        if (line !== 'reboot') return 'broken-off';
      }
    }
    return 'sent';
  } finally {
    await found.close().catch(() => {});
  }
}

function isInRecovery({ vendorId, productId }: BootDevice): boolean {
  return vendorId === APPLE && RECOVERY.includes(productId);
}

async function nativeDevices(): Promise<BootDevice[]> {
  const { nativeGetDevices } = await import('usb/index.js');
  return await nativeGetDevices();
}
