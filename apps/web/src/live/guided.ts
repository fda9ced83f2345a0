import { AnswerView, GuidedRunView } from '@lockstep/core/protocol';
import { api } from './api.js';
import type { AskRecord } from './queries.js';

/** Starts a guided run, or asks for one that needs somebody's yes. The same `key` starts one. */
export const startGuided = (body: { pairId: string; fix: GuidedRunView['fix']; cause?: string } & AskRecord, key: string) =>
  api('/guided-runs', { method: 'POST', body, key, schema: GuidedRunView });
/** Says that a step without a proof was done. */
export const tickStep = (id: string, step: string) =>
  api(`/guided-runs/${encodeURIComponent(id)}/steps`, { method: 'POST', body: { step }, schema: GuidedRunView });
export const abandonGuided = (id: string) => api(`/guided-runs/${encodeURIComponent(id)}`, { method: 'DELETE', schema: GuidedRunView });
export const answerQuestion = (pairId: string, body: { question: AnswerView['question']; answer: string }) =>
  api(`/pairs/${encodeURIComponent(pairId)}/answers`, { method: 'POST', body, schema: AnswerView });
