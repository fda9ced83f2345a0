// One Postgres for the whole run, thrown away afterwards. Suites clone their databases inside it.
import { startThrowaway } from '../postgres/throwaway.mjs';

/** Rooms whose suites never touch a database: a run of these alone starts none. */
const WITHOUT_DATABASE = /^(\.\/)?(packages\/core|apps\/(agent|web|lab))(\/|$)/;

/** @param {{ testPathPatterns: { patterns: string[] } }} globalConfig */
export default async function setup(globalConfig) {
  if (process.env.LOCKSTEP_TEST_DATABASE_URL) return;
  const { patterns } = globalConfig.testPathPatterns;
  if (patterns.length > 0 && patterns.every((pattern) => WITHOUT_DATABASE.test(pattern))) return;
  const postgres = await startThrowaway();
  process.env.LOCKSTEP_TEST_DATABASE_URL = postgres.url;
  Object.assign(globalThis, { lockstepTestPostgres: postgres });
}
