-- What people do step by step, and what they answer.

CREATE TABLE "guided_run" (
    "id" UUID NOT NULL,
    "host_id" UUID NOT NULL,
    "pair_id" UUID,
    "udid" TEXT,
    "fix" TEXT NOT NULL,
    "cause" TEXT NOT NULL,
    "state" TEXT NOT NULL,
    "started_by_kind" TEXT NOT NULL,
    "started_by_id" TEXT NOT NULL,
    "started_by" TEXT NOT NULL,
    "started_at" TIMESTAMPTZ(3) NOT NULL,
    "deadline_at" TIMESTAMPTZ(3) NOT NULL,
    "due_at" TIMESTAMPTZ(3),
    "before" JSONB NOT NULL,
    "at_start" JSONB NOT NULL,
    "after" JSONB,
    "settled_at" TIMESTAMPTZ(3),
    "ended_at" TIMESTAMPTZ(3),
    "ended_by_kind" TEXT,
    "ended_by_id" TEXT,
    "ended_by" TEXT,
    "verdict" TEXT,
    "waiting_for" TEXT,
    "detail" TEXT,
    CONSTRAINT "guided_run_pkey" PRIMARY KEY ("id"),
    CONSTRAINT "guided_run_state" CHECK ("state" IN ('open', 'settled', 'judged', 'expired', 'cancelled')),
    CONSTRAINT "guided_run_verdict" CHECK (("state" = 'judged') = ("verdict" IS NOT NULL)),
    CONSTRAINT "guided_run_is_over" CHECK (("state" IN ('open', 'settled')) = ("ended_at" IS NULL) AND ("ended_at" IS NULL) = ("due_at" IS NOT NULL)),
    CONSTRAINT "guided_run_pair" CHECK (("pair_id" IS NULL) = ("udid" IS NULL)),
    CONSTRAINT "guided_run_ended_by" CHECK (("ended_by" IS NULL) = ("ended_by_kind" IS NULL) AND ("ended_by" IS NULL) = ("ended_by_id" IS NULL))
);
-- Each fix is under way once on a pair (or on a host as a whole), whoever starts it first. Also finds the few hosts of a batch that have any.
CREATE UNIQUE INDEX "guided_run_active" ON "guided_run" ("host_id", coalesce("udid", ''), "fix") WHERE "state" IN ('open', 'settled');
CREATE INDEX "guided_run_due" ON "guided_run" ("due_at") WHERE "due_at" IS NOT NULL;
CREATE INDEX "guided_run_host_id_started_at_idx" ON "guided_run" ("host_id", "started_at");
CREATE INDEX "guided_run_pair_id_started_at_idx" ON "guided_run" ("pair_id", "started_at");
CREATE INDEX "guided_run_started_at_id_idx" ON "guided_run" ("started_at", "id");

-- A step is done once: the key says so.
CREATE TABLE "guided_step" (
    "run_id" UUID NOT NULL,
    "step" TEXT NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL,
    "looked_at" TIMESTAMPTZ(3) NOT NULL,
    "by_kind" TEXT,
    "by_id" TEXT,
    "by" TEXT,
    CONSTRAINT "guided_step_pkey" PRIMARY KEY ("run_id", "step"),
    CONSTRAINT "guided_step_by" CHECK (("by" IS NULL) = ("by_kind" IS NULL) AND ("by" IS NULL) = ("by_id" IS NULL)),
    CONSTRAINT "guided_step_run_id_fkey" FOREIGN KEY ("run_id") REFERENCES "guided_run" ("id") ON DELETE RESTRICT ON UPDATE RESTRICT
);

CREATE TABLE "pair_answer" (
    "id" BIGSERIAL NOT NULL,
    "pair_id" UUID NOT NULL,
    "question" TEXT NOT NULL,
    "answer" TEXT NOT NULL,
    "by_kind" TEXT NOT NULL,
    "by_id" TEXT NOT NULL,
    "by" TEXT NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL,
    CONSTRAINT "pair_answer_pkey" PRIMARY KEY ("id"),
    CONSTRAINT "pair_answer_by" CHECK ("by_kind" IN ('person', 'token')),
    CONSTRAINT "pair_answer_pair_id_fkey" FOREIGN KEY ("pair_id") REFERENCES "pair" ("id") ON DELETE RESTRICT ON UPDATE RESTRICT
);
CREATE INDEX "pair_answer_pair_id_id_idx" ON "pair_answer" ("pair_id", "id");
