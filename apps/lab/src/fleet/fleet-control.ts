import { chmodSync, lstatSync, rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { z } from 'zod';
import { type ControlAnswer, ControlCommand, carryOut } from '../cli/index.js';
import { isFaultOf } from '../computer/index.js';
import { ListenError } from '../daemon/index.js';
import type { Member } from './member.js';
import { breakIt, healComputer, healPhone, isHostFault, isOfComputer, TROUBLES } from './trouble.js';

const id = z.union([z.string().max(64), z.number()]).optional();
const word = z.string().min(1).max(64);

/** What the fleet's socket understands beyond a computer's own commands. */
const FleetCommand = z.discriminatedUnion('do', [
  z.strictObject({ do: z.literal('fleet'), id }),
  z.strictObject({ do: z.literal('break'), computer: word, phone: word.optional(), trouble: z.enum(TROUBLES), id }),
  z.strictObject({ do: z.literal('heal'), computer: word, phone: word.optional(), id }),
]);
const OWN: ReadonlySet<unknown> = new Set(['fleet', 'break', 'heal']);

/** Longer lines are no commands. */
const LINE_LIMIT = 65_536;

/**
 * A socket for JSON lines, one answer each, in order: `fleet` lists computers and phones, `break` and `heal` bring and end trouble, and every
 * command of a lab computer's own socket works with `computer` added (`{"computer":"lnx-0231","do":"trust","phone":"jun"}`).
 */
export class FleetControl {
  private readonly server: Server;
  private readonly sockets = new Set<Socket>();

  constructor(
    private readonly members: readonly Member[],
    private readonly path: string,
  ) {
    this.server = createServer((socket) => this.serve(socket));
  }

  /** Rejects with ListenError. A socket left by a fleet that is gone is replaced; anything else in its place is kept. */
  async listen(): Promise<void> {
    const there = lstatSync(this.path, { throwIfNoEntry: false });
    if (there !== undefined && !there.isSocket()) throw new ListenError(`${this.path}: exists and is not a socket`);
    if (there !== undefined) rmSync(this.path);
    await new Promise<void>((done, fail) => {
      this.server.once('error', (error) => fail(new ListenError(`${this.path}: ${error.message}`, { cause: error })));
      this.server.listen(this.path, done);
    });
    chmodSync(this.path, 0o600);
  }

  async close(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    if (this.server.listening) await new Promise<void>((done) => this.server.close(() => done()));
  }

  private serve(socket: Socket): void {
    this.sockets.add(socket);
    socket.setEncoding('utf8');
    socket.on('error', () => socket.destroy());
    socket.on('close', () => this.sockets.delete(socket));
    let waiting = '';
    let turn: Promise<void> = Promise.resolve();
    socket.on('data', (chunk: string) => {
      const lines = (waiting + chunk).split('\n');
      waiting = lines.pop() ?? '';
      for (const line of lines) {
        if (line.trim() === '') continue;
        turn = turn.then(async () => {
          const answer = await this.answer(line);
          if (!socket.destroyed) socket.write(`${JSON.stringify(answer)}\n`);
        });
      }
      if (waiting.length > LINE_LIMIT) socket.destroy();
    });
  }

  private async answer(line: string): Promise<object> {
    let json: unknown;
    try {
      json = JSON.parse(line);
    } catch {
      return refuse('line', 'is not JSON');
    }
    if (typeof json !== 'object' || json === null || Array.isArray(json)) return refuse('line', 'must be a JSON object');
    const fields = json as Record<string, unknown>;
    const echo = typeof fields.id === 'string' || typeof fields.id === 'number' ? { id: fields.id } : {};
    const answer = OWN.has(fields.do) ? await this.own(fields) : await this.ofComputer(fields);
    return { ...echo, ...answer };
  }

  private async own(fields: Record<string, unknown>): Promise<ControlAnswer> {
    const parsed = FleetCommand.safeParse(fields);
    if (!parsed.success) return refuse(fieldOf(parsed.error), parsed.error.issues[0]?.message ?? 'not a command');
    const command = parsed.data;
    if (command.do === 'fleet') return { ok: true, computers: this.members.map((m) => ({ ...m.status, mux: muxOf(m) })) };
    const member = this.members.find((m) => m.name === command.computer);
    if (!member) return refuse('computer', `no computer is called ${JSON.stringify(command.computer)}`);
    const phone = command.phone ?? null;
    if (phone !== null && !member.computer.bench.names.includes(phone))
      return refuse('phone', `no phone is called ${JSON.stringify(phone)} there`);
    if (command.do === 'heal') await heal(member, phone);
    else if (isHostFault(command.trouble) && !isFaultOf(command.trouble, member.computer.os))
      return refuse('trouble', `${command.trouble}: no computer with ${member.computer.os} has that`);
    else if (phone === null && !isOfComputer(command.trouble))
      return refuse('phone', `${command.trouble} is a trouble of one phone; name it`);
    else await breakIt(member.computer, command.trouble, phone);
    return { ok: true };
  }

  private async ofComputer({ computer, ...rest }: Record<string, unknown>): Promise<ControlAnswer> {
    const member = this.members.find((m) => m.name === computer);
    if (!member) return refuse('computer', `no computer is called ${JSON.stringify(computer)}`);
    const parsed = ControlCommand.safeParse(rest);
    if (!parsed.success) return refuse(fieldOf(parsed.error), parsed.error.issues[0]?.message ?? 'not a command');
    return await carryOut(member.computer.bench, parsed.data);
  }
}

/** One phone, or the computer's service and every phone of it. */
async function heal({ computer }: Member, phone: string | null): Promise<void> {
  if (phone !== null) return await healPhone(computer, phone);
  await healComputer(computer);
  for (const name of computer.bench.names) await healPhone(computer, name);
}

function muxOf(m: Member) {
  const { pid, fault } = m.computer.bench.mux;
  return { pid, fault };
}

function refuse(field: string, message: string): ControlAnswer {
  return { ok: false, error: { field, message } };
}

function fieldOf(error: z.ZodError): string {
  const issue = error.issues[0];
  if (issue?.code === 'unrecognized_keys') return issue.keys[0] ?? 'line';
  return issue?.path.join('.') || 'line';
}
