/** Where a row comes from. What only engineers' experience says is marked so and is never shown as sure. */
export const SOURCES = {
  'lockdown.h': {
    title: 'libimobiledevice, include/libimobiledevice/lockdown.h and src/lockdown.c',
    url: 'https://github.com/libimobiledevice/libimobiledevice',
  },
  'errors.h': {
    title: 'ios-deploy, src/ios-deploy/errors.h (names of the MobileDevice framework)',
    url: 'https://github.com/ios-control/ios-deploy',
  },
  'usbmuxd-proto.h': { title: 'usbmuxd, src/usbmuxd-proto.h and src/client.c', url: 'https://github.com/libimobiledevice/usbmuxd' },
  'apple-restore': { title: 'Apple Support, errors when updating or restoring an iPhone', url: 'https://support.apple.com' },
  idevicerestore: { title: 'idevicerestore, and reports of its users', url: 'https://github.com/libimobiledevice/idevicerestore' },
  idevicebackup2: {
    title: 'libimobiledevice, tools/idevicebackup2.c, and the issues that quote MBErrorDomain',
    url: 'https://github.com/libimobiledevice/libimobiledevice/issues',
  },
  cfgutil: { title: 'Output of cfgutil 2.x as published by its users', url: null },
  'cm-prob': {
    title: 'Microsoft, Device Manager error messages (CM_PROB_*)',
    url: 'https://learn.microsoft.com/windows-hardware/drivers/install/device-manager-error-messages',
  },
  setupapi: {
    title: 'Microsoft, SetupAPI text logs and error codes',
    url: 'https://learn.microsoft.com/windows-hardware/drivers/install/setupapi-text-logs',
  },
  msi: { title: 'Microsoft, MsiExec.exe and InstMsi.exe error messages', url: 'https://learn.microsoft.com/windows/win32/msi/error-codes' },
  winget: {
    title: 'Microsoft, winget-cli, doc/windows/package-manager/winget/returnCodes.md',
    url: 'https://github.com/microsoft/winget-cli/blob/master/doc/windows/package-manager/winget/returnCodes.md',
  },
  pnputil: {
    title: 'Microsoft, PnPUtil return values',
    url: 'https://learn.microsoft.com/windows-hardware/drivers/devtest/pnputil-return-values',
  },
  experience: { title: 'Seen by engineers in the field; not written down by a maker', url: null },
} as const satisfies Record<string, { title: string; url: string | null }>;

export type SourceId = keyof typeof SOURCES;
