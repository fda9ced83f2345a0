// `npm run bench -- NAME`: what claims of speed are measured with. Nothing may be imported here that needs an install or a recent Node.
import { nodeTooOld } from './node-version.mjs';

const sentence = nodeTooOld(process.versions.node);
if (sentence) {
  process.stderr.write(`${sentence}\n`);
  process.exitCode = 1;
} else {
  // By address, so that the types of a browser, which one bench drives, stay out of the scripts.
  import(new URL('../bench/main.mjs', import.meta.url).href).then((main) => main.bench(process.argv.slice(2)));
}
