-- Guided runs that need somebody's yes before the first step: as orders do, and kept by the database in the same way.

ALTER TABLE "guided_run" ADD COLUMN "opened_at" TIMESTAMPTZ(3);
UPDATE "guided_run" SET "opened_at" = "started_at";

ALTER TABLE "guided_run" DROP CONSTRAINT "guided_run_state", ADD CONSTRAINT "guided_run_state"
    CHECK ("state" IN ('awaiting-approval', 'open', 'settled', 'judged', 'expired', 'cancelled'));
ALTER TABLE "guided_run" DROP CONSTRAINT "guided_run_is_over", ADD CONSTRAINT "guided_run_is_over"
    CHECK (("state" IN ('awaiting-approval', 'open', 'settled')) = ("ended_at" IS NULL) AND ("ended_at" IS NULL) = ("due_at" IS NOT NULL));
-- Nothing was done, and nothing was seen done, before somebody said yes.
ALTER TABLE "guided_run" ADD CONSTRAINT "guided_run_opened" CHECK (
    ("state" NOT IN ('open', 'settled', 'judged') OR "opened_at" IS NOT NULL) AND ("state" <> 'awaiting-approval' OR "opened_at" IS NULL)
);
DROP INDEX "guided_run_active";
CREATE UNIQUE INDEX "guided_run_active" ON "guided_run" ("host_id", coalesce("udid", ''), "fix")
    WHERE "state" IN ('awaiting-approval', 'open', 'settled');

-- What was written down when a yes was asked for, and what was decided. The database refuses an approval of a loss that nobody accepted and no
-- backup covers, whatever the program says.
CREATE TABLE "guided_approval" (
    "run_id" UUID NOT NULL,
    "needs" TEXT NOT NULL,
    "consent_holder" TEXT,
    "consent_how" TEXT,
    "consent_at" TIMESTAMPTZ(3),
    "loss_accepted_by" TEXT,
    "backup_at" TIMESTAMPTZ(3),
    "decision" TEXT,
    "decided_by_id" UUID,
    "decided_by" TEXT,
    "decided_at" TIMESTAMPTZ(3),
    "reason" TEXT,
    CONSTRAINT "guided_approval_pkey" PRIMARY KEY ("run_id"),
    CONSTRAINT "guided_approval_run_id_fkey" FOREIGN KEY ("run_id") REFERENCES "guided_run" ("id") ON DELETE RESTRICT ON UPDATE RESTRICT,
    CONSTRAINT "guided_approval_needs" CHECK ("needs" IN ('admin', 'second-person')),
    CONSTRAINT "guided_approval_decision" CHECK ("decision" IN ('approved', 'declined')),
    CONSTRAINT "guided_approval_decided" CHECK (
        ("decision" IS NULL) = ("decided_by_id" IS NULL)
        AND ("decision" IS NULL) = ("decided_by" IS NULL)
        AND ("decision" IS NULL) = ("decided_at" IS NULL)
    ),
    CONSTRAINT "guided_approval_consent" CHECK (
        ("consent_holder" IS NULL) = ("consent_how" IS NULL)
        AND ("consent_holder" IS NULL) = ("consent_at" IS NULL)
        AND ("needs" = 'admin' OR "consent_at" IS NOT NULL)
    ),
    CONSTRAINT "guided_approval_loss" CHECK (
        "needs" = 'admin' OR "decision" IS DISTINCT FROM 'approved' OR "backup_at" IS NOT NULL OR "loss_accepted_by" IS NOT NULL
    )
);
