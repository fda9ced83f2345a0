import { type FSWatcher, watch } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Os } from './port.js';

/** Where Linux keeps a node for each device on the bus, a folder a bus (devtmpfs). */
const LINUX_NODES = '/dev/bus/usb';

/** Stops listening. */
export type StopHotplug = () => Promise<void>;

/**
 * Tells when something is plugged in or out, as the system itself says it. On Linux by watching the folders of the bus's device nodes, which
 * costs nothing; elsewhere through the native `usb` package, where it is installed and loads (about 10 MB). It only hears: no device is
 * opened. Null when there is no such way here; then looking now and then has to do.
 */
export async function listenToBus(os: Os, changed: () => void, nodes = LINUX_NODES): Promise<StopHotplug | null> {
  return os === 'linux' ? await watchNodes(nodes, changed) : await listenNatively(changed);
}

async function watchNodes(root: string, changed: () => void): Promise<StopHotplug | null> {
  const watchers = new Map<string, FSWatcher>();
  const add = (path: string, heard: () => void) => {
    if (watchers.has(path)) return;
    try {
      const watcher = watch(path, { persistent: false }, heard);
      watcher.on('error', () => {
        watcher.close();
        watchers.delete(path);
      });
      watchers.set(path, watcher);
    } catch {
      // The bus went away meanwhile; its end is heard in the folder above.
    }
  };
  const addBuses = async () => {
    for (const name of await readdir(root).catch(() => [])) if (/^\d{3}$/.test(name)) add(join(root, name), changed);
  };
  add(root, () => {
    void addBuses();
    changed();
  });
  if (watchers.size === 0) return null;
  await addBuses();
  return async () => {
    for (const watcher of watchers.values()) watcher.close();
    watchers.clear();
  };
}

/** The native emitter itself: the package's own event target throws what goes wrong where nobody can catch it. */
async function listenNatively(changed: () => void): Promise<StopHotplug | null> {
  try {
    const { Emitter } = await import('usb/index.js');
    const emitter = new Emitter();
    await emitter.addAttach(() => changed());
    await emitter.addDetach(() => changed());
    return async () => {
      await emitter.removeAttach().catch(() => {});
      await emitter.removeDetach().catch(() => {});
    };
  } catch {
    // Not installed for this system, or the system has no USB bus.
    return null;
  }
}
