import type { PlistDict } from '../machine/index.js';
import { isDict } from '../machine/index.js';
import { lockdownError } from './errors.js';
import type { ServiceConnection } from './service-connection.js';

export const MOBILE_CONFIG_SERVICE = 'com.apple.mobile.MCInstall';

/** Who rules over a phone; null where it does not say. */
export interface CloudConfiguration {
  supervised: boolean | null;
  organisation: string | null;
  /** Computers outside its organisation may pair. */
  allowsPairing: boolean | null;
}

/**
 * Asks for the phone's cloud configuration (go-ios mcinstall.go, pymobiledevice3 mobile_config.py): a question that shows and changes
 * nothing. Rejects with DeviceError; `lockdown` with the service's own word.
 */
export async function readCloudConfiguration(
  connection: ServiceConnection,
  options: { signal?: AbortSignal | undefined } = {},
): Promise<CloudConfiguration> {
  const request = 'GetCloudConfiguration';
  const reply = await connection.ask(request, { RequestType: request }, options);
  const word = reply.Status;
  if (typeof word !== 'string') throw connection.garbage(request);
  if (word !== 'Acknowledged') throw lockdownError(request, word);
  return cloudConfigurationOf(reply);
}

/** Reads the answer. Keys of other types than expected count as not said. */
export function cloudConfigurationOf(reply: PlistDict): CloudConfiguration {
  const told = isDict(reply.CloudConfiguration) ? reply.CloudConfiguration : {};
  const flag = (key: string) => (typeof told[key] === 'boolean' ? told[key] : null);
  return {
    supervised: flag('IsSupervised'),
    organisation: typeof told.OrganizationName === 'string' ? told.OrganizationName : null,
    allowsPairing: flag('AllowPairing'),
  };
}
