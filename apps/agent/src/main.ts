import { runCli } from './cli/index.js';

const stopped = () =>
  new Promise<void>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => resolve());
  });

process.exitCode = await runCli(process.argv.slice(2), { stopped });
