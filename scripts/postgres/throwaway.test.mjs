import { describe, expect, it } from '@jest/globals';
import pg from 'pg';

describe('the Postgres of a test run', () => {
  it('answers as the superuser', async () => {
    const client = new pg.Client({ connectionString: process.env.LOCKSTEP_TEST_DATABASE_URL });
    await client.connect();
    try {
      const { rows } = await client.query("SELECT current_user AS name, current_setting('server_version_num')::int AS version");
      expect(rows[0].name).toBe('postgres');
      expect(rows[0].version).toBeGreaterThanOrEqual(180000);
    } finally {
      await client.end();
    }
  });
});
