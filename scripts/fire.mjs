// `npm run fire`: kills everything at random and checks that nothing is lost. Nothing may be imported here that needs an install or a recent Node.
import { nodeTooOld } from './node-version.mjs';

const sentence = nodeTooOld(process.versions.node);
if (sentence) {
  process.stderr.write(`${sentence}\n`);
  process.exitCode = 1;
} else {
  // By address, so that what the fire imports stays out of the scripts' types.
  import(new URL('../e2e/fire/main.mjs', import.meta.url).href).then((main) => main.fire(process.argv.slice(2)));
}
