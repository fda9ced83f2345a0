/** What spec-agent.mjs offers, in types of its own: it knows nothing of the project. */
export interface HostLabel {
  hostname: string;
  os: string;
  osVersion: string;
  arch: string;
  agent: string;
}
export interface ProtocolKey {
  publicKey: string;
  sign(purpose: string, bytes: string | Uint8Array): string;
}
export interface TakenOrder {
  runId: string;
  fix: string;
  udid: string | null;
}
export interface Hello {
  version: number;
  hostId: string;
  epoch: string;
  nonce: string;
}
export interface Run {
  udid: string | null;
  isOver: boolean;
}
export interface OrderContext {
  orderKey: string;
  hostId: string;
  epoch: string;
  connection: string;
  /** Server time, in milliseconds since 1970. */
  now: number;
  /** The fixes this agent has. */
  fixes: readonly string[];
  runs: ReadonlyMap<string, Run>;
}
export interface FactRead {
  kind: string;
  subject: 'host' | { udid: string };
  state: 'seen' | 'absent' | 'failed';
  reading?: object;
  reason?: string;
}
export type Progress = (stage: string, awaiting?: string | null) => void;
export type Fix = (order: TakenOrder, progress: Progress) => Promise<{ mechanics: string; detail?: string | null }>;

export function keyOf(seed: string): ProtocolKey;
export function holds(publicKey: string, purpose: string, bytes: string | Uint8Array, signature: string): boolean;
export function keyIdOf(publicKey: string): string;
export function endpoint(server: string, path: string): URL;
export function enrolmentRequest(key: ProtocolKey, token: string, host: HostLabel): Record<string, unknown>;
export function checkAnswer(token: string, answer: { hostId?: unknown; orderKey?: unknown; orderKeyId?: unknown }): void;
export function enrol(options: { server: string; token: string; file: string; host: HostLabel }): Promise<void>;
export function textToProve(hello: Hello, challenge: object, orderKey: string): string | null;
export function isFormed(frame: object): boolean;
export function judgeOrder(
  envelope: { keyId: string; order: string; signature: string },
  context: OrderContext,
): { order: TakenOrder } | { reason: string; runId: string | null; order?: undefined };

export class SpecAgent {
  constructor(options: {
    file: string;
    read: () => Promise<readonly FactRead[]>;
    fixes: Readonly<Record<string, Fix>>;
    host: HostLabel;
    log?: (line: string) => void;
  });
  start(): void;
  stop(): Promise<void>;
  look(): Promise<void>;
}
