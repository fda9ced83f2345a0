import { createConnection } from 'node:net';
import { z } from 'zod';
import { type Command, CommandError, EXIT, readFlags } from './command.js';
import { ControlCommand } from './control.js';

const Answer = z.looseObject({ ok: z.boolean() });

/** Words of the command line as a line of the control socket. */
function commandOf([word, ...rest]: string[]): unknown {
  switch (word) {
    case 'fault':
    case 'clear':
      return { do: word, phone: rest[0], ...(rest[1] === undefined ? {} : { fault: rest[1] }) };
    case 'begin':
      return { do: word, phone: rest[0], as: rest[1] };
    case 'mux':
      return { do: word, fault: rest[0] === 'none' ? null : rest[0] };
    case 'habit':
      return { do: word, phone: rest[0], trustAfterMs: rest[1] === 'never' ? null : Number(rest[1]) };
    default:
      return rest[0] === undefined ? { do: word } : { do: word, phone: rest[0] };
  }
}

/** Sends one line and gives the answer. Rejects with CommandError when nobody answers. */
function ask(path: string, command: ControlCommand): Promise<z.infer<typeof Answer>> {
  return new Promise((done, fail) => {
    const socket = createConnection(path);
    let text = '';
    const lost = (why: string) => {
      socket.destroy();
      fail(new CommandError(`${path}: ${why}`, EXIT.unavailable));
    };
    socket.setEncoding('utf8');
    socket.setTimeout(10_000, () => lost('no answer within 10 s'));
    socket.on('error', (error: NodeJS.ErrnoException) =>
      lost(error.code === 'ENOENT' || error.code === 'ECONNREFUSED' ? 'no lab listens there' : error.message),
    );
    socket.on('connect', () => socket.write(`${JSON.stringify(command)}\n`));
    socket.on('end', () => lost('closed without an answer'));
    socket.on('data', (chunk: string) => {
      text += chunk;
      const end = text.indexOf('\n');
      if (end === -1) return;
      socket.removeAllListeners('end');
      socket.destroy();
      try {
        done(Answer.parse(JSON.parse(text.slice(0, end))));
      } catch {
        fail(new CommandError(`${path}: answered something that is no answer of a lab`, EXIT.unavailable));
      }
    });
  });
}

/** `lockstep-lab tell`: one command to a running lab, for people and scripts without a socket client. */
export const tellCommand: Command = {
  usage:
    'FILE.sock status|faults|restart-mux | lock|unlock|trust|dont-trust|plug|unplug|forget|restart PHONE | fault|begin PHONE FAULT | clear PHONE [FAULT] | mux FAULT|none | habit PHONE MS|never',
  summary: 'tell a running lab what happens next; prints its answer as JSON',
  async run(args, io) {
    const { positionals } = readFlags(args, {}, true);
    const [path, ...words] = positionals;
    if (path === undefined || words.length === 0) throw new CommandError('tell: give the control socket and a command');
    const command = ControlCommand.safeParse(commandOf(words));
    if (!command.success) {
      const issue = command.error.issues[0];
      throw new CommandError(`tell: ${issue?.path.join('.') || 'command'}: ${issue?.message ?? 'not a command'}`);
    }
    const answer = await ask(path, command.data);
    io.out(JSON.stringify(answer));
    return answer.ok ? EXIT.ok : EXIT.failed;
  },
};
