import type { CodeEntry } from './shapes.js';

const source = 'apple-restore';

/**
 * Numbers in "The iPhone could not be restored. An unknown error occurred (N)." Only the number tells; the sentence is always the same.
 * A number is called hardware last: after two computers and two cables.
 */
export const RESTORE_ENTRIES = {
  'phone-lost': {
    numbers: [9, 4005, 4013, 4014],
    names: [],
    layer: 'usb',
    causes: ['C92', 'C95'],
    fixes: ['F01', 'F03', 'F22', 'F46', 'F51'],
    source,
    usual: true,
  },
  'usb-transfer': {
    numbers: [[2001, 2009], 2013],
    names: [],
    layer: 'usb',
    causes: ['C92', 'C26'],
    fixes: ['F02', 'F01', 'F05', 'F06'],
    source,
  },
  'bad-firmware-file': { numbers: [14], names: [], layer: 'usb', causes: ['C92'], fixes: ['F01', 'F03'], source, usual: true },
  'parts-disagree': { numbers: [-1, 1, 10, 53, 75, 79], names: [], layer: 'usb', causes: ['C95'], fixes: ['F51'], source },
  baseband: {
    numbers: [[1000, 1012], 1014, [1016, 1199]],
    names: [],
    layer: 'usb',
    causes: ['C92', 'C95'],
    fixes: ['F01', 'F46', 'F51'],
    source,
  },
  redirected: { numbers: [1013, 1015], names: [], layer: 'network', causes: ['C93', 'C83'], fixes: ['F35', 'F33'], source },
  'signing-server': {
    numbers: [3002, 3004, 3013, 3014, 3015, 3194, 3200, [3500, 3599]],
    names: [],
    layer: 'network',
    causes: ['C93', 'C82', 'C84', 'C83'],
    fixes: ['F34', 'F35', 'F33'],
    source,
    usual: true,
  },
  network: { numbers: [17], names: [], layer: 'network', causes: ['C93', 'C82'], fixes: ['F33', 'F35'], source },
  'wrong-mode': {
    numbers: [1600, 1604, 1611, 1644],
    names: [],
    layer: 'usb',
    causes: ['C92', 'C73'],
    fixes: ['F02', 'F42'],
    source: 'idevicerestore',
  },
  'boot-hand-off': {
    numbers: [4010, 4016, 4017],
    names: [],
    layer: 'usb',
    causes: ['C92'],
    fixes: ['F01', 'F46'],
    source: 'idevicerestore',
  },
  'security-software': { numbers: [6, 34, 35], names: [], layer: 'host', causes: ['C73', 'C95'], fixes: ['F33', 'F03', 'F51'], source },
  hardware: {
    numbers: [20, 21, 23, 28, 29, 37, 40, 56],
    names: [],
    layer: 'usb',
    causes: ['C95', 'C73'],
    fixes: ['F01', 'F03', 'F51'],
    source,
  },
} as const satisfies Record<string, CodeEntry>;
