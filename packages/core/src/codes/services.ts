import type { CodeEntry } from './shapes.js';

/** Result numbers of the multiplexer. For pair records its number is an errno instead: 2 no such record, 22 an incomplete request. */
export const USBMUX_ENTRIES = {
  'bad-command': { numbers: [1], names: ['BadCommand'], layer: 'mux', causes: [], fixes: [], source: 'usbmuxd-proto.h' },
  'bad-device': {
    numbers: [2],
    names: ['BadDevice', 'ENOENT'],
    layer: 'mux',
    causes: ['C11', 'C40'],
    fixes: ['F01', 'F11'],
    source: 'usbmuxd-proto.h',
  },
  refused: { numbers: [3], names: ['ConnectionRefused'], layer: 'mux', causes: ['C32'], fixes: ['F01', 'F08'], source: 'usbmuxd-proto.h' },
  'bad-version': {
    numbers: [6],
    names: ['BadVersion'],
    layer: 'mux',
    causes: ['C63'],
    fixes: ['F22'],
    lowConfidence: true,
    source: 'usbmuxd-proto.h',
  },
  'bad-request': { numbers: [22], names: ['EINVAL'], layer: 'mux', causes: [], fixes: [], source: 'usbmuxd-proto.h' },
} as const satisfies Record<string, CodeEntry>;

/** `ErrorCode` of the phone's backup service, as idevicebackup2 prints it and Finder's log names it. */
export const BACKUP_ENTRIES = {
  'not-uploaded': {
    numbers: [104],
    names: ['MBErrorDomain/104'],
    layer: 'sync',
    causes: ['C90', 'C89'],
    fixes: ['F10b', 'F40'],
    source: 'idevicebackup2',
  },
  'host-disk': {
    numbers: [105],
    names: ['MBErrorDomain/105'],
    layer: 'sync',
    causes: ['C91'],
    fixes: ['F38'],
    source: 'idevicebackup2',
    usual: true,
  },
  'bad-properties': {
    numbers: [205],
    names: ['MBErrorDomain/205'],
    layer: 'sync',
    causes: ['C90'],
    fixes: ['F40'],
    source: 'idevicebackup2',
  },
  'wrong-password': { numbers: [207], names: ['MBErrorDomain/207'], layer: 'sync', causes: ['C96'], fixes: [], source: 'idevicebackup2' },
  locked: {
    numbers: [208],
    names: ['MBErrorDomain/208'],
    layer: 'sync',
    causes: ['C89', 'C41'],
    fixes: ['F10b'],
    source: 'idevicebackup2',
    usual: true,
  },
  'link-lost': {
    numbers: [-36],
    names: ['Broken pipe'],
    layer: 'usb',
    causes: ['C90', 'C12'],
    fixes: ['F01', 'F40'],
    lowConfidence: true,
    source: 'experience',
  },
} as const satisfies Record<string, CodeEntry>;

/** Numbers of cfgutil's own. The large negative ones in its `Errors` are MobileDevice's. */
export const CFGUTIL_ENTRIES = {
  one: { numbers: [1], names: ['No devices found'], layer: null, causes: [], fixes: ['F01'], source: 'cfgutil' },
  'needs-the-holder': { numbers: [625], names: [], layer: 'trust', causes: [], fixes: ['F10'], source: 'cfgutil' },
} as const satisfies Record<string, CodeEntry>;
