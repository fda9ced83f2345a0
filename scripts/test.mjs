// `npm test`: everything that must hold, from a clone. Nothing may be imported here that needs an install or a recent Node.
import { nodeTooOld } from './node-version.mjs';

const sentence = nodeTooOld(process.versions.node);
if (sentence) {
  process.stderr.write(sentence + '\n');
  process.exitCode = 1;
} else {
  import('./test/main.mjs').then((main) => main.test(process.argv.slice(2)));
}
