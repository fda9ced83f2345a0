import { chmodSync, lstatSync, rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { z } from 'zod';
import { type Bench, BenchError, ListenError, listenError, type SeatStatus } from '../daemon/index.js';
import { FAULTS, MUX_FAULT_IDS, PHONE_FAULT_IDS, START_IDS } from '../phone/index.js';

const phone = z.string().min(1).max(64);
const id = z.union([z.string().max(64), z.number()]).optional();
/** Longest a holder may take; longer is `null`, never. */
const HOUR_MS = 3_600_000;

/** Every line the control socket understands. Unknown fields are refused: a misspelt one would otherwise be silently without effect. */
export const ControlCommand = z.discriminatedUnion('do', [
  z.strictObject({ do: z.literal('status'), id }),
  z.strictObject({ do: z.literal('watch'), id }),
  z.strictObject({ do: z.literal('faults'), id }),
  z.strictObject({ do: z.literal('fault'), phone, fault: z.enum(PHONE_FAULT_IDS), id }),
  z.strictObject({ do: z.literal('clear'), phone, fault: z.enum(PHONE_FAULT_IDS).optional(), id }),
  z.strictObject({ do: z.literal('begin'), phone, as: z.enum([...START_IDS, ...PHONE_FAULT_IDS]), id }),
  z.strictObject({ do: z.literal('mux'), fault: z.enum(MUX_FAULT_IDS).nullable(), id }),
  z.strictObject({ do: z.literal('restart-mux'), id }),
  ...(['lock', 'unlock', 'trust', 'dont-trust', 'plug', 'unplug', 'forget', 'restart'] as const).map((word) =>
    z.strictObject({ do: z.literal(word), phone, id }),
  ),
  z.strictObject({ do: z.literal('habit'), phone, trustAfterMs: z.int().min(0).max(HOUR_MS).nullable(), id }),
]);
export type ControlCommand = z.infer<typeof ControlCommand>;

/** What went wrong with a line: the field it is about, and a sentence. */
export interface ControlError {
  field: string;
  message: string;
}

export type ControlAnswer = { ok: true; [more: string]: unknown } | { ok: false; error: ControlError };

/** Carries out one parsed command. Never throws for what a caller can do wrong. */
export async function carryOut(bench: Bench, command: ControlCommand): Promise<ControlAnswer> {
  try {
    return (await act(bench, command)) ?? { ok: true };
  } catch (error) {
    if (error instanceof BenchError) return refuse('phone', error.message.replace(/^phone: /, ''));
    if (error instanceof ListenError) return refuse('mux', error.message);
    throw error;
  }
}

async function act(bench: Bench, command: ControlCommand): Promise<ControlAnswer | void> {
  const noDialog = () => refuse('phone', 'no trust dialog is on the screen');
  switch (command.do) {
    case 'status':
    case 'watch':
      return { ok: true, ...status(bench) };
    case 'faults':
      return { ok: true, faults: Object.entries(FAULTS).map(([fault, row]) => ({ fault, ...row })) };
    case 'fault':
      return bench.setFault(command.phone, command.fault);
    case 'clear':
      return bench.clearFault(command.phone, command.fault);
    case 'begin':
      return bench.begin(command.phone, command.as);
    case 'mux':
      return bench.setMuxFault(command.fault);
    case 'restart-mux':
      return bench.mux.restart();
    case 'lock':
      return bench.phone(command.phone).lock();
    case 'unlock':
      return bench.phone(command.phone).unlock();
    case 'trust':
      return bench.phone(command.phone).tapTrust() ? undefined : noDialog();
    case 'dont-trust':
      return bench.phone(command.phone).tapDontTrust() ? undefined : noDialog();
    case 'plug':
      return bench.plug(command.phone);
    case 'unplug':
      return bench.unplug(command.phone);
    case 'forget':
      return bench.phone(command.phone).forgetComputers();
    case 'restart':
      return bench.phone(command.phone).restart();
    case 'habit':
      bench.phone(command.phone).habits.trustAfterMs = command.trustAfterMs;
  }
}

function status(bench: Bench): {
  mux: { pid: number | null; address: string | null; fault: string | null; restarts: number };
  phones: SeatStatus[];
} {
  const { pid, clientAddress, fault, restarts } = bench.mux;
  return { mux: { pid, address: clientAddress, fault, restarts }, phones: bench.status() };
}

function refuse(field: string, message: string): ControlAnswer {
  return { ok: false, error: { field, message } };
}

/** Longer lines are no commands. */
const LINE_LIMIT = 65_536;

/** The control socket: JSON lines in, one JSON line out for each, in order; see the lab's README. */
export class ControlServer {
  private readonly server: Server;
  private readonly sockets = new Set<Socket>();

  constructor(
    private readonly bench: Bench,
    private readonly path: string,
  ) {
    this.server = createServer((socket) => this.serve(socket));
  }

  /** Rejects with ListenError. A socket that a dead lab left behind is replaced; anything else in its place is kept. */
  async listen(): Promise<void> {
    const there = lstatSync(this.path, { throwIfNoEntry: false });
    if (there !== undefined && !there.isSocket()) throw new ListenError(`${this.path}: exists and is not a socket`);
    if (there !== undefined) rmSync(this.path);
    await new Promise<void>((done, fail) => {
      this.server.once('error', (error) => fail(listenError(this.path, this.path, error)));
      this.server.listen(this.path, done);
    });
    chmodSync(this.path, 0o600);
  }

  async close(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    if (!this.server.listening) return;
    await new Promise<void>((done) => this.server.close(() => done()));
  }

  private serve(socket: Socket): void {
    this.sockets.add(socket);
    let waiting = '';
    let turn: Promise<void> = Promise.resolve();
    const say = (message: object) => void (socket.destroyed || socket.write(`${JSON.stringify(message)}\n`));
    let stopWatching = () => {};
    socket.setEncoding('utf8');
    socket.on('error', () => socket.destroy());
    socket.on('close', () => {
      stopWatching();
      this.sockets.delete(socket);
    });
    const handle = async (line: string) => {
      const parsed = parseLine(line);
      if (!parsed.ok) return say(parsed.answer);
      say({ ...(parsed.command.id === undefined ? {} : { id: parsed.command.id }), ...(await carryOut(this.bench, parsed.command)) });
      if (parsed.command.do === 'watch') stopWatching = this.watch(say);
    };
    socket.on('data', (chunk: string) => {
      waiting += chunk;
      const lines = waiting.split('\n');
      waiting = lines.pop() ?? '';
      for (const line of lines) if (line.trim() !== '') turn = turn.then(() => handle(line));
      if (waiting.length > LINE_LIMIT) {
        waiting = '';
        turn = turn.then(() => {
          say(refuse('line', `longer than ${LINE_LIMIT} characters`));
          socket.end();
        });
      }
    });
  }

  /** Tells every change from now on, several at once as one. */
  private watch(say: (message: object) => void): () => void {
    let due: NodeJS.Immediate | null = null;
    const changed = () => {
      due ??= setImmediate(() => {
        due = null;
        say({ event: 'change', ...status(this.bench) });
      });
    };
    this.bench.on('change', changed);
    return () => {
      this.bench.off('change', changed);
      if (due !== null) clearImmediate(due);
    };
  }
}

function parseLine(line: string): { ok: true; command: ControlCommand } | { ok: false; answer: ControlAnswer } {
  let json: unknown;
  try {
    json = JSON.parse(line);
  } catch {
    return { ok: false, answer: refuse('line', 'is not JSON') };
  }
  const parsed = ControlCommand.safeParse(json);
  if (parsed.success) return { ok: true, command: parsed.data };
  const issue = parsed.error.issues[0];
  const unknown = issue?.code === 'unrecognized_keys' ? issue.keys[0] : undefined;
  return { ok: false, answer: refuse(unknown ?? (issue?.path.join('.') || 'line'), issue?.message ?? 'not a command') };
}
