import { describe, expect, it } from '@jest/globals';
import { FACT_KIND_NAMES } from '../health/index.js';
import {
  AgentEnvelope,
  AgentHello,
  AgentMessage,
  AgentProof,
  EnrolAnswer,
  EnrolRequest,
  Order,
  ServerChallenge,
  ServerKeys,
  ServerMessage,
  ServerWelcome,
  successorText,
} from './agent.js';
import vectors from './vectors.json' with { type: 'json' };

/** The field that a schema names first when it refuses, or null when it takes the value. */
function refusedField(
  schema: { safeParse(v: unknown): { success: boolean; error?: { issues: { path: PropertyKey[] }[] } } },
  value: unknown,
): string | null {
  const result = schema.safeParse(value);
  return result.success ? null : (result.error?.issues[0]?.path.join('.') ?? '');
}

describe('vectors: messages of the agent', () => {
  it.each(vectors.messages.valid.map((m) => [m.name, m.message] as const))('takes: %s', (_name, message) => {
    expect(refusedField(AgentMessage, message)).toBeNull();
  });
  it.each(vectors.messages.invalid.map((m) => [m.name, m.field, m.message] as const))(
    'MSG-3 refuses and names the field: %s (%s)',
    (_name, field, message) => {
      expect(refusedField(AgentMessage, message)).toBe(field);
    },
  );
  it('MSG-1 the envelope alone decides what may go into quarantine', () => {
    for (const { field, message } of vectors.messages.invalid) {
      expect([field, AgentEnvelope.safeParse(message).success]).toEqual([field, field !== 'epoch' && field !== 'seq']);
    }
  });
  it('hold a reading of every fact kind', () => {
    const kinds = AgentMessage.parse(vectors.messages.valid[0]?.message);
    expect(kinds.type === 'facts' && kinds.facts.map((f) => f.kind)).toEqual(FACT_KIND_NAMES);
  });
});

describe('vectors: messages of the server', () => {
  it.each(vectors.server.valid.map((m) => [m.name, m.message] as const))('takes: %s', (_name, message) => {
    expect(refusedField(ServerMessage, message)).toBeNull();
  });
  it.each(vectors.server.invalid.map((m) => [m.name, m.field, m.message] as const))(
    'MSG-4 refuses and names the field: %s (%s)',
    (_name, field, message) => {
      expect(refusedField(ServerMessage, message)).toBe(field);
    },
  );
});

describe('vectors: enrolment, first exchange, orders', () => {
  it('ENC-1 ENR-2 ENR-3 the request and its answer', () => {
    expect(refusedField(EnrolRequest, vectors.enrolment.request)).toBeNull();
    expect(refusedField(EnrolAnswer, vectors.enrolment.answer)).toBeNull();
  });
  it.each(vectors.enrolment.badRequests.map((r) => [r.name, r.field, r.request] as const))(
    'ENR-6 refuses and names the field: %s (%s)',
    (_name, field, request) => {
      expect(refusedField(EnrolRequest, request)).toBe(field);
    },
  );
  it('ENC-4 times are UTC with a Z, with any number of fraction digits', () => {
    const at = (time: string) => refusedField(ServerWelcome, { ...vectors.handshake.welcome, time });
    expect(['2026-11-24T09:00:00Z', '2026-11-24T09:00:00.1Z', '2026-11-24T09:00:00.123456Z'].map(at)).toEqual([null, null, null]);
    expect(['2026-11-24T09:00:00', '2026-11-24T09:00:00+01:00', '2026-11-24', '2026-02-30T09:00:00Z'].map(at)).toEqual(
      Array(4).fill('time'),
    );
  });
  it('HS-2 the four frames', () => {
    const { hello, challenge, proof, welcome } = vectors.handshake;
    expect([
      refusedField(AgentHello, hello),
      refusedField(ServerChallenge, challenge),
      refusedField(AgentProof, proof),
      refusedField(ServerWelcome, welcome),
    ]).toEqual([null, null, null, null]);
  });
  it('KEY-1 KEY-2 the message that introduces successors, and the text that is signed', () => {
    for (const { name, introductions } of vectors.successors.good)
      expect([name, refusedField(ServerKeys, { type: 'server.keys', introductions })]).toEqual([name, null]);
    const [first] = vectors.successors.good[0]?.introductions ?? [];
    expect(first && successorText(first)).toBe(vectors.successors.text);
    expect(refusedField(EnrolAnswer, { ...vectors.enrolment.answer, successors: vectors.successors.good[1]?.introductions })).toBeNull();
  });
  it.each(vectors.successors.badMessages.map((m) => [m.name, m.field, m.message] as const))(
    'KEY-1 refuses and names the field: %s (%s)',
    (_name, field, message) => {
      expect(refusedField(ServerKeys, message)).toBe(field);
    },
  );
  it('ORD-4 what the bytes of good orders say, and nothing more', () => {
    for (const { json } of vectors.orders.good) {
      expect(refusedField(Order, JSON.parse(json))).toBeNull();
      expect(refusedField(Order, { ...JSON.parse(json), command: 'reboot' })).toBe('');
    }
  });
});
