import 'reflect-metadata';
import { isNativeError } from 'node:util/types';
import { startServer } from './boot.js';
import { createLog, ENV_TABLE, readEnv } from './platform/index.js';
import { startSentence } from './start-error.js';

const USAGE = 64; // sysexits.h, EX_USAGE

function help(): string {
  const width = Math.max(...ENV_TABLE.map((v) => v.name.length));
  const rows = ENV_TABLE.map((v) => `  ${v.name.padEnd(width)}  ${v.meaning}\n  ${' '.repeat(width)}  default: ${v.default}`);
  return `The Lockstep server: console, API and agents on one port.\n\nEnvironment:\n${rows.join('\n')}\n`;
}

async function main(args: readonly string[]): Promise<void> {
  if (args.includes('--help') || args.includes('-h')) {
    process.stdout.write(help());
    return;
  }
  if (args.length > 0) {
    process.stderr.write(`Unknown argument ${JSON.stringify(args[0])}. Run with --help.\n`);
    process.exitCode = USAGE;
    return;
  }
  const env = readEnv();
  const log = createLog(env.logLevel);
  const running = await startServer(env, log, {
    onLost: (why) => {
      process.stderr.write(`The server stopped: ${why}.\n`);
      process.exit(1);
    },
  });
  const end = (signal: NodeJS.Signals) => {
    log.info('stopping', { signal });
    void running.stop().then(() => {
      log.info('stopped');
      process.exit(0);
    });
  };
  process.once('SIGTERM', end);
  process.once('SIGINT', end);
  log.info('ready', { url: running.url, port: running.port, setupNeeded: (await running.setupToken()) !== null });
}

main(process.argv.slice(2)).catch((error: unknown) => {
  process.stderr.write(`${startSentence(error) ?? (isNativeError(error) ? error.stack : String(error))}\n`);
  process.exit(1);
});
