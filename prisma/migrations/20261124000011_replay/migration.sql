-- Since when the server knows what a fact says, small moves of noisy numbers left out.
ALTER TABLE "fact" ADD COLUMN "since" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP;
UPDATE "fact" SET "since" = "at";

-- What facts said before: a row is added when a fact that says something else replaces it, or when it is no longer known, and never changed.
-- One index serves those who read a host's past and those who end it.
CREATE TABLE "fact_past" (
    "host_id" UUID NOT NULL,
    "until" TIMESTAMPTZ(3) NOT NULL,
    "id" BIGSERIAL NOT NULL,
    "udid" TEXT NOT NULL,
    "kind" TEXT NOT NULL,
    "state" TEXT NOT NULL,
    "reason" TEXT,
    "reading" JSONB,
    "probe" TEXT NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL,
    "seen_at" TIMESTAMPTZ(3) NOT NULL,
    "since" TIMESTAMPTZ(3) NOT NULL,
    CONSTRAINT "fact_past_pkey" PRIMARY KEY ("host_id", "until", "id")
);

-- When a host fell silent and when it was heard again: facts of a silent host prove nothing, so what was concluded then needs it.
CREATE TABLE "host_heard" (
    "host_id" UUID NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL,
    "heard" BOOLEAN NOT NULL,
    CONSTRAINT "host_heard_pkey" PRIMARY KEY ("host_id", "at")
);

-- What no fact shows any more: the last accepted session, the last time over Wi-Fi, the last stay.
ALTER TABLE "pair" ADD COLUMN "session_at" TIMESTAMPTZ(3), ADD COLUMN "wifi_at" TIMESTAMPTZ(3), ADD COLUMN "here_at" TIMESTAMPTZ(3);

-- Trials of other rules on stored facts.
CREATE TABLE "replay" (
    "id" UUID NOT NULL,
    "state" TEXT NOT NULL,
    "asked_by_kind" TEXT NOT NULL,
    "asked_by_id" TEXT NOT NULL,
    "asked_by" TEXT NOT NULL,
    "asked_at" TIMESTAMPTZ(3) NOT NULL,
    "started_at" TIMESTAMPTZ(3),
    "beat_at" TIMESTAMPTZ(3),
    "ended_at" TIMESTAMPTZ(3),
    "attempts" INTEGER NOT NULL DEFAULT 0,
    "from" TIMESTAMPTZ(3) NOT NULL,
    "until" TIMESTAMPTZ(3) NOT NULL,
    "against" TEXT NOT NULL,
    "at_least_ms" INTEGER NOT NULL,
    "os" TEXT,
    "cause" TEXT,
    "host_id" UUID,
    "overlay" JSONB NOT NULL,
    "hosts" INTEGER NOT NULL DEFAULT 0,
    "hosts_done" INTEGER NOT NULL DEFAULT 0,
    "pairs" INTEGER NOT NULL DEFAULT 0,
    "diagnoses" BIGINT NOT NULL DEFAULT 0,
    "differences" INTEGER NOT NULL DEFAULT 0,
    "counts" JSONB NOT NULL DEFAULT '[]',
    "cut" TEXT,
    CONSTRAINT "replay_pkey" PRIMARY KEY ("id"),
    CONSTRAINT "replay_state" CHECK ("state" IN ('queued', 'running', 'done', 'failed', 'cancelled')),
    CONSTRAINT "replay_ended" CHECK (("state" IN ('queued', 'running')) = ("ended_at" IS NULL)),
    CONSTRAINT "replay_against" CHECK ("against" IN ('shipped', 'recorded'))
);
-- One at a time, whichever server does it.
CREATE UNIQUE INDEX "replay_running" ON "replay" ("state") WHERE "state" = 'running';
CREATE INDEX "replay_asked_at_id_idx" ON "replay" ("asked_at", "id");

CREATE TABLE "replay_difference" (
    "replay_id" UUID NOT NULL,
    "n" INTEGER NOT NULL,
    "pair_id" UUID NOT NULL,
    "from" TIMESTAMPTZ(3) NOT NULL,
    "until" TIMESTAMPTZ(3) NOT NULL,
    "before" JSONB NOT NULL,
    "after" JSONB NOT NULL,
    "evidence" JSONB NOT NULL,
    CONSTRAINT "replay_difference_pkey" PRIMARY KEY ("replay_id", "n"),
    CONSTRAINT "replay_difference_replay_id_fkey" FOREIGN KEY ("replay_id") REFERENCES "replay" ("id") ON DELETE CASCADE ON UPDATE RESTRICT
);
