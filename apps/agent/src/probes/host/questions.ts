import type { HostProbe } from '../probe.js';
import { accessoryPolicy } from './accessory-policy.js';
import { agentLimits } from './agent-limits.js';
import { appleHosts } from './apple-hosts.js';
import { appleSoftware } from './apple-software.js';
import { backup } from './backup.js';
import { backupActivity } from './backup-activity.js';
import { claimants } from './claimants.js';
import { clock } from './clock.js';
import { configurator } from './configurator.js';
import { deviceControl } from './device-control.js';
import { deviceHistory } from './device-history.js';
import { deviceSupport } from './device-support.js';
import { firewall } from './firewall.js';
import { hidingPreferences } from './hiding-preferences.js';
import { hostOs } from './host-os.js';
import { hostStorage } from './host-storage.js';
import { hostsFile } from './hosts-file.js';
import { locationDaemon } from './location-daemon.js';
import { mdns } from './mdns.js';
import { muxHistory } from './mux-history.js';
import { muxPort } from './mux-port.js';
import { ownRoute } from './own-route.js';
import { pendingRestart } from './pending-restart.js';
import { powerEvents } from './power-events.js';
import { powerSource } from './power-source.js';
import { recordStore } from './record-store.js';
import { syncAgents } from './sync-agents.js';
import { updaterActivity } from './updater-activity.js';
import { usbLog } from './usb-log.js';
import { usbPorts } from './usb-ports.js';
import { usbPower } from './usb-power.js';
import { userSession } from './user-session.js';

/**
 * Every question about the computer that is asked in its own cadence, beside the bus, the multiplexer and its list, which are looked at
 * together at every look (survey.ts).
 */
export const HOST_QUESTIONS: readonly HostProbe[] = [
  agentLimits,
  userSession,
  clock,
  pendingRestart,
  usbLog,
  usbPorts,
  accessoryPolicy,
  usbPower,
  deviceControl,
  claimants,
  powerEvents,
  powerSource,
  muxHistory,
  muxPort,
  recordStore,
  hostOs,
  appleSoftware,
  deviceSupport,
  ownRoute,
  hostsFile,
  appleHosts,
  mdns,
  firewall,
  locationDaemon,
  syncAgents,
  hidingPreferences,
  deviceHistory,
  configurator,
  updaterActivity,
  backup,
  backupActivity,
  hostStorage,
];
