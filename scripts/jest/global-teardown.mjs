export default async function teardown() {
  const { lockstepTestPostgres } = /** @type {{ lockstepTestPostgres?: import('../postgres/throwaway.mjs').Throwaway }} */ (globalThis);
  if (!lockstepTestPostgres) return;
  await lockstepTestPostgres.stop();
  delete process.env.LOCKSTEP_TEST_DATABASE_URL;
}
