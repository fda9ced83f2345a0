// Loaded into a server before itself (`node --import`): at SIGUSR2 it collects its garbage and writes what it holds into a file.
import { renameSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

setFlagsFromString('--expose_gc');
/** @type {() => void} */
const collect = runInNewContext('gc');
const file = process.env.LOCKSTEP_BENCH_MEMORY_FILE ?? '';
/** V8 gives pages back over several collections, and some only a moment after them. */
const ROUNDS = 6;

process.on('SIGUSR2', async () => {
  const least = { rss: Number.POSITIVE_INFINITY, heapUsed: Number.POSITIVE_INFINITY, native: Number.POSITIVE_INFINITY };
  for (let i = 0; i < ROUNDS; i++) {
    collect();
    await sleep(150);
    const { rss, heapUsed, heapTotal } = process.memoryUsage();
    least.rss = Math.min(least.rss, rss);
    least.heapUsed = Math.min(least.heapUsed, heapUsed);
    least.native = Math.min(least.native, rss - heapTotal);
  }
  writeFileSync(`${file}.part`, JSON.stringify(least));
  renameSync(`${file}.part`, file);
});
