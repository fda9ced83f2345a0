import { refused, type Steps } from '../fix.js';
import { renewRecord } from './renew-record.js';
import { lookAt } from './standing.js';

/** F11: has the phone ask its holder for trust, waits, and keeps the record. A record that the phone rejects is replaced as F12 would. */
export const askForTrust: Steps = async ({ udid }, tools) => {
  if (udid === null) return refused('no-phone-named');
  const standing = await lookAt(tools, udid);
  switch (standing.as) {
    case 'trusted':
      return refused('not-needed', standing.facts);
    case 'other':
      return refused(standing.word, standing.facts);
    case 'rejected':
      return await renewRecord('F11', udid, standing.record, tools);
    case 'stranger':
      return await renewRecord('F11', udid, null, tools);
  }
};
