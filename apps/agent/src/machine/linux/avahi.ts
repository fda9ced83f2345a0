import type { DraftFact } from '../draft.js';
import type { Ran } from '../port.js';
import { readService } from './systemctl-show.js';

/** The fact in `systemctl show avahi-daemon.service`: the responder's state; nobody listened on the network. */
export function parseAvahi(ran: Ran): DraftFact[] {
  const service = readService(ran);
  if (!service.known && service.reason === null) return [{ kind: 'mdns-responder', subject: 'host', state: 'absent' }];
  if (!service.known) return [{ kind: 'mdns-responder', subject: 'host', state: 'failed', reason: service.reason ?? 'garbage' }];
  const state = service.state === 'running' || service.state === 'disabled' ? service.state : 'stopped';
  return [{ kind: 'mdns-responder', subject: 'host', state: 'seen', reading: { state, hearsOthers: null } }];
}
