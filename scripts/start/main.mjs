// The phases of `npm start`, and its end.
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { prepare } from '../build/prepare.mjs';
import { freePort, portIsFree } from '../postgres/settings.mjs';
import { codeOf, Sentence, textOf } from '../sentence.mjs';
import { closingBlock } from './closing-block.mjs';
import { claimDataFolder } from './data-folder.mjs';
import { DATA_ENTRIES, helpText, parseArguments, readSettingsOf } from './environment.mjs';
import { phaseLine, phases } from './phases.mjs';
import { lastWordsOf, readToken, startLab, startServer } from './services.mjs';
import { GRACE_MS, Shutdown } from './shutdown.mjs';
import { endOnSignals, Signalled } from './signals.mjs';

const root = fileURLToPath(new URL('../../', import.meta.url)).replace(/[\\/]$/, '');
const print = (/** @type {string} */ text) => void process.stdout.write(`${text}\n`);
const complain = (/** @type {string} */ text) => void process.stderr.write(`${text}\n`);

/**
 * @param {string[]} args
 * @returns {Promise<never>}
 */
export async function start(args) {
  // A closed pipe or terminal must not keep the end from running.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);
  const shutdown = new Shutdown();
  endOnSignals(shutdown);
  try {
    const given = parseArguments(args);
    const settings = readSettingsOf(process.env, root);
    if (given.help) print(helpText(settings.dataDir, await serverTable()));
    else {
      await bringUp(given, settings, shutdown);
      await shutdown.asked();
      shutdown.signal.throwIfAborted();
    }
  } catch (error) {
    shutdown.ask(error);
  }
  const { reason } = shutdown.signal;
  if (reason instanceof Signalled) print(`\n${reason.message}: ending what was started; the data stays.`);
  else if (reason !== undefined && shutdown.signal.aborted)
    complain(reason instanceof Sentence ? reason.message : reason instanceof Error ? (reason.stack ?? reason.message) : String(reason));
  const clean = await shutdown.end((error, name) => complain(`The ${name} did not end as it should: ${textOf(error)}`));
  process.exit(clean && (!shutdown.signal.aborted || reason instanceof Signalled) ? 0 : 1);
}

/**
 * @param {import('./environment.mjs').Arguments} given
 * @param {import('./environment.mjs').Settings} settings
 * @param {Shutdown} shutdown
 */
async function bringUp(given, settings, shutdown) {
  const began = Date.now();
  const { signal } = shutdown;
  if (given.fresh && settings.databaseUrl !== null)
    throw new Sentence('--fresh empties only the embedded database, and DATABASE_URL names another one: empty that one yourself.');
  const { dataDir } = settings;
  const claim = await claimDataFolder(dataDir, root);
  shutdown.atCleanEnd(() => claim.release()); // otherwise something may still run, and the next start has to know
  const port = await chosenPort(settings);

  print(`Lockstep ${JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).version}`);
  const phase = phases(print);
  await phase('build', async (say) => {
    const done = await prepare({
      root,
      signal,
      onBegin: (step) => step === 'install' && print('  installing the dependencies (the first time this fetches them) …'),
      onDone: ({ step, ms }) => print(phaseLine(step, '', ms)),
    });
    say(done.length === 0 ? 'nothing has changed' : `${done.length} of its steps had to be done`);
  });

  // Only now is there a database driver to import.
  const { startPostgres, endLeftServer } = await import('../postgres/index.mjs');
  const folder = join(dataDir, 'postgres');
  const predecessor = claim.predecessor !== null;
  if (given.fresh) {
    await phase('fresh', async (say) => {
      await endLeftServer(folder, predecessor);
      const present = Object.keys(DATA_ENTRIES).filter((name) => existsSync(join(dataDir, name)));
      for (const name of present) rmSync(join(dataDir, name), { recursive: true, force: true });
      say(present.length === 0 ? 'nothing was there' : `removed ${present.join(', ')}`);
    });
  }
  for (const name of ['log', 'run']) mkdirSync(join(dataDir, name), { recursive: true, mode: 0o700 });

  const databaseUrl = await phase('database', async (say) => {
    if (settings.databaseUrl !== null) {
      const { checkDatabase, withoutPassword } = await import('./database.mjs');
      say(`PostgreSQL ${await checkDatabase(settings.databaseUrl)} at ${withoutPassword(settings.databaseUrl)}`);
      return settings.databaseUrl;
    }
    const postgres = await startPostgres({ folder, predecessor, signal, onProcess: (pid) => claim.child('database', pid) });
    shutdown.add('database', () => postgres.stop());
    postgres.ended.then(() =>
      shutdown.ask(new Sentence(`The database ended by itself (its messages: ${join(folder, 'cluster', 'log')}).`)),
    );
    say(`embedded PostgreSQL on port ${postgres.port}${postgres.adopted ? ', found running and adopted' : ''}`);
    return postgres.url;
  });

  const adminTokenFile = settings.adminTokenFile ?? (given.printAdminToken ? join(dataDir, 'run', 'admin-token') : null);
  rmSync(settings.setupTokenFile, { force: true }); // one of an earlier start opens nothing any more
  await phase('server', async (say) => {
    const onStarted = watched('server', join(dataDir, 'log', 'server.log'), claim, shutdown);
    await startServer({ root, settings, port, databaseUrl, adminTokenFile, env: process.env, warn: complain, onStarted, signal });
    say(`ready on ${settings.host}:${port}`);
  });

  const local = `${settings.tls ? 'https' : 'http'}://${loopbackOf(settings.host)}:${port}`;
  const address = settings.publicUrl ?? local;
  if (given.lab) {
    await phase('lab', async (say) => {
      const watch = watched('lab', join(dataDir, 'log', 'lab.log'), claim, shutdown);
      // A certificate is for a name, and the name is in the public address.
      const said = await startLab({
        root,
        settings,
        server: settings.tls ? address : local,
        env: process.env,
        signal,
        onStarted({ service, cleanUp }) {
          shutdown.add('sockets of the lab', async () => cleanUp());
          watch(service);
        },
      });
      say(said.replace(/^ready\s*/, '') || 'ready');
    });
  }
  print(phaseLine('ready', '', Date.now() - began));
  print(
    closingBlock({
      address,
      setupToken: readToken(settings.setupTokenFile),
      enrolTokenFile: settings.enrolTokenFile,
      encrypted: address.startsWith('https:'),
      dataDir,
      embedded: settings.databaseUrl === null,
      adminToken: given.printAdminToken && adminTokenFile !== null ? readToken(adminTokenFile) : null,
    }),
  );
}

/**
 * What to do with a child as soon as it runs: it is noted, it will be ended with the rest, and its own end ends everything.
 * @param {'server' | 'lab'} name
 * @param {string} log
 * @param {import('../processes/claim.mjs').Claim} claim
 * @param {Shutdown} shutdown
 * @returns {(service: import('../processes/service.mjs').Service) => void}
 */
function watched(name, log, claim, shutdown) {
  return (service) => {
    let stopping = false;
    claim.child(name, service.pid);
    shutdown.add(
      name,
      async () => {
        stopping = true;
        await service.stop(GRACE_MS[name]);
        claim.child(name, null);
      },
      () => service.kill(),
    );
    service.ended.then((ended) => {
      if (!stopping) shutdown.ask(new Sentence(`The ${name} ended by itself: ${lastWordsOf(ended)}. All it said is in ${log}.`));
    });
  };
}

/**
 * @param {import('./environment.mjs').Settings} settings
 * @returns {Promise<number>}
 */
async function chosenPort({ port, host }) {
  if (port === 0) return freePort();
  try {
    if (await portIsFree(port, host)) return port;
  } catch (error) {
    const code = codeOf(error);
    if (code === 'EACCES') throw new Sentence(`This user may not listen on port ${port}: choose one above 1023 with PORT.`);
    if (code === 'EADDRNOTAVAIL') throw new Sentence(`LOCKSTEP_HOST ${host} is not an address of this computer.`);
    throw error;
  }
  throw new Sentence(
    `Port ${port} on ${host} is taken by another program: stop that one, or choose another port with PORT (PORT=4700 npm start).`,
  );
}

/**
 * Where a browser on this computer finds a server that listens on `host`.
 * @param {string} host
 */
function loopbackOf(host) {
  if (host === '0.0.0.0') return '127.0.0.1';
  if (host === '::') return '[::1]';
  return host.includes(':') ? `[${host}]` : host;
}

/**
 * The server's own table, when it is built.
 * @returns {Promise<import('./environment.mjs').Row[]>}
 */
async function serverTable() {
  try {
    return (await import(pathToFileURL(join(root, 'apps/server/dist/platform/env.js')).href)).ENV_TABLE;
  } catch {
    return [];
  }
}
