import { defineConfig } from 'prisma/config';

// The server migrates itself at its start (apps/server/src/platform/migrate.ts); this file serves the developer's `prisma` commands.
export default defineConfig({
  schema: 'prisma/schema',
  migrations: { path: 'prisma/migrations' },
  ...(process.env.DATABASE_URL ? { datasource: { url: process.env.DATABASE_URL } } : {}),
});
