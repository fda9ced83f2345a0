import { readDomain } from '../../device/index.js';
import type { PhoneProbe } from '../phone-probe.js';
import { draft } from '../probe.js';

/** Are backups of this phone encrypted, and do they have to be? */
export const backupPolicy: PhoneProbe = {
  id: 'backup-policy',
  kinds: ['backup-policy'],
  where: 'session',
  deadlineMs: 12_000,
  async ask({ udid, talk }, signal) {
    const { values } = await talk.ask(signal, (client) => readDomain(client, 'backup', { signal }));
    return [draft.seen('backup-policy', { udid }, { encrypts: values.WillEncrypt, required: values.RequiresEncryption })];
  },
};
