// `npm start`: from a clone to a running console. Nothing may be imported here that needs an install or a recent Node.
import { nodeTooOld } from './node-version.mjs';

const sentence = nodeTooOld(process.versions.node);
if (sentence) {
  process.stderr.write(sentence + '\n');
  process.exitCode = 1;
} else {
  import('./start/main.mjs').then((main) => main.start(process.argv.slice(2)));
}
