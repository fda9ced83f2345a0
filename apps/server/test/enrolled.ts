import { EnrolAnswer, enrolText, SIGNED } from '@lockstep/core/protocol';
import { type AgentIdentity, TestKey } from './agent.js';
import type { Answer, TestServer } from './server.js';

/** Asks to enrol a computer with this key, as an agent does, with a fresh token. */
export async function askToEnrol(server: TestServer, cookie: string, hostname: string, key: TestKey): Promise<Answer> {
  const made = await server.ask('POST', '/api/v1/enrolment-tokens', { cookie, json: { uses: 1, minutes: 60 } });
  const token = String(made.json.token);
  const signature = key.sign(SIGNED.enrol + enrolText({ token, publicKey: key.publicKey }));
  const host = { hostname, os: 'linux', osVersion: 'Debian 12', arch: 'x64', agent: '0.1.0' };
  return server.ask('POST', '/agent/v1/enrol', { json: { version: 1, token, publicKey: key.publicKey, host, signature } });
}

/** Enrols a computer on the whole server. */
export async function enrolled(server: TestServer, cookie: string, hostname: string, key = new TestKey()): Promise<AgentIdentity> {
  const answer = await askToEnrol(server, cookie, hostname, key);
  const { hostId, orderKeyId } = EnrolAnswer.parse(answer.json);
  return { hostId, key, orderKeyId, hostname };
}
