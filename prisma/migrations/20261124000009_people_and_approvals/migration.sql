-- People who were added and have set no password yet; links by which they do.
ALTER TABLE "person" ALTER COLUMN "password_hash" DROP NOT NULL;

-- One link per person: a new one takes the place of the one before, and a used one is gone.
CREATE TABLE "password_link" (
    "person_id" UUID NOT NULL,
    "token_hash" BYTEA NOT NULL,
    "made_by" UUID NOT NULL,
    "made_at" TIMESTAMPTZ(3) NOT NULL,
    "expires_at" TIMESTAMPTZ(3) NOT NULL,
    CONSTRAINT "password_link_pkey" PRIMARY KEY ("person_id"),
    CONSTRAINT "password_link_token_hash_length" CHECK (octet_length("token_hash") = 32),
    CONSTRAINT "password_link_person_id_fkey" FOREIGN KEY ("person_id") REFERENCES "person" ("id") ON DELETE CASCADE ON UPDATE RESTRICT
);
CREATE UNIQUE INDEX "password_link_token_hash_key" ON "password_link" ("token_hash");
CREATE INDEX "password_link_made_by_idx" ON "password_link" ("made_by");
CREATE INDEX "person_created_at_id_idx" ON "person" ("created_at", "id");

-- Runs that wait for somebody's yes. They are not active: they hold up no other run of their host, only the same fix of the same subject.
ALTER TABLE "fix_run" DROP CONSTRAINT "fix_run_state";
ALTER TABLE "fix_run" ADD CONSTRAINT "fix_run_state"
    CHECK ("state" IN ('awaiting-approval', 'queued', 'sent', 'received', 'settled', 'judged', 'expired', 'refused', 'cancelled'));
CREATE UNIQUE INDEX "fix_run_awaiting" ON "fix_run" ("host_id", "fix", coalesce("udid", '')) WHERE "state" = 'awaiting-approval';

-- What was written down when a yes was asked for, and what was decided. The database refuses an approval of a loss that nobody accepted and no
-- backup covers, whatever the program says.
CREATE TABLE "fix_approval" (
    "run_id" UUID NOT NULL,
    "needs" TEXT NOT NULL,
    "consent_holder" TEXT,
    "consent_how" TEXT,
    "consent_at" TIMESTAMPTZ(3),
    "loss_accepted_by" TEXT,
    "backup_at" TIMESTAMPTZ(3),
    "ecid" TEXT,
    "decision" TEXT,
    "decided_by_id" UUID,
    "decided_by" TEXT,
    "decided_at" TIMESTAMPTZ(3),
    "reason" TEXT,
    CONSTRAINT "fix_approval_pkey" PRIMARY KEY ("run_id"),
    CONSTRAINT "fix_approval_run_id_fkey" FOREIGN KEY ("run_id") REFERENCES "fix_run" ("id") ON DELETE RESTRICT ON UPDATE RESTRICT,
    CONSTRAINT "fix_approval_needs" CHECK ("needs" IN ('admin', 'second-person')),
    CONSTRAINT "fix_approval_decision" CHECK ("decision" IN ('approved', 'declined')),
    CONSTRAINT "fix_approval_decided" CHECK (
        ("decision" IS NULL) = ("decided_by_id" IS NULL)
        AND ("decision" IS NULL) = ("decided_by" IS NULL)
        AND ("decision" IS NULL) = ("decided_at" IS NULL)
    ),
    CONSTRAINT "fix_approval_consent" CHECK (
        ("consent_holder" IS NULL) = ("consent_how" IS NULL)
        AND ("consent_holder" IS NULL) = ("consent_at" IS NULL)
        AND ("needs" = 'admin' OR "consent_at" IS NOT NULL)
    ),
    CONSTRAINT "fix_approval_loss" CHECK (
        "needs" = 'admin' OR "decision" IS DISTINCT FROM 'approved' OR "backup_at" IS NOT NULL OR "loss_accepted_by" IS NOT NULL
    )
);
