// `npm run database`: the embedded database alone, for backups, restores and a look inside. Prints its address (with the password) and runs until Ctrl-C.
import { nodeTooOld } from './node-version.mjs';

const sentence = nodeTooOld(process.versions.node);
if (sentence) {
  process.stderr.write(`${sentence}\n`);
  process.exitCode = 1;
} else {
  import('./start/database-alone.mjs').then((main) => main.databaseAlone());
}
