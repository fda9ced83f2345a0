export { readBundled } from './bundled.js';
export { measureSoftware } from './metrics.js';
export { Software } from './software.js';
export { SoftwareModule } from './software.module.js';
