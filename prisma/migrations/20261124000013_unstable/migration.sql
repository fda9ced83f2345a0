-- Findings that come and go are frozen until they stayed away: since when, and since when they are quiet. What closed by our own doing does not count.
ALTER TABLE "finding"
  ADD COLUMN "unstable_at" TIMESTAMPTZ(3),
  ADD COLUMN "quiet_at" TIMESTAMPTZ(3),
  ADD COLUMN "own_doing" BOOLEAN NOT NULL DEFAULT false;

-- Pages ask of every pair whether its primary cause comes and goes; there are few of these.
CREATE INDEX "finding_unstable_idx" ON "finding" ("host_id", "udid", "cause") WHERE "unstable_at" IS NOT NULL AND "closed_at" IS NULL;
-- A picture that is read asks for what closed lately.
CREATE INDEX "finding_host_id_closed_at_idx" ON "finding" ("host_id", "closed_at") WHERE "closed_at" IS NOT NULL;
