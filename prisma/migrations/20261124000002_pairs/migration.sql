-- Connections of hosts, facts, pairs, findings, fix runs.
-- A host's identity is a row of another room and is never deleted, only revoked: host_id points there without a foreign key.

-- Declared worst first: sorting by health sorts by what needs a person soonest.
CREATE TYPE "health" AS ENUM ('broken', 'waiting', 'unknown', 'degraded', 'healthy');
CREATE TYPE "presence" AS ENUM ('attached', 'away', 'never-seen');
-- Declared lowest rung first.
CREATE TYPE "layer" AS ENUM ('host', 'usb', 'mux', 'trust', 'software', 'network', 'services', 'sync');

-- A host's connection: the epoch of its spool and how far it is committed. The row that every transaction about a host locks first.
CREATE TABLE "host_link" (
    "host_id" UUID NOT NULL,
    "epoch" TEXT,
    "last_seq" BIGINT NOT NULL DEFAULT 0,
    "epochs" INTEGER NOT NULL DEFAULT 0,
    "swaps" INTEGER NOT NULL DEFAULT 0,
    "connected_at" TIMESTAMPTZ(3),
    "last_contact_at" TIMESTAMPTZ(3),
    CONSTRAINT "host_link_pkey" PRIMARY KEY ("host_id"),
    CONSTRAINT "host_link_last_seq" CHECK ("last_seq" >= 0)
);

-- Messages that could not be taken: kept as bytes, because what is wrong with one may be that it is no storable text.
CREATE TABLE "quarantine" (
    "id" BIGSERIAL NOT NULL,
    "host_id" UUID NOT NULL,
    "epoch" TEXT NOT NULL,
    "seq" BIGINT,
    "field" TEXT NOT NULL,
    "reason" TEXT NOT NULL,
    "head" BYTEA NOT NULL,
    "bytes" INTEGER NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL,
    CONSTRAINT "quarantine_pkey" PRIMARY KEY ("id")
);
CREATE INDEX "quarantine_host_id_id_idx" ON "quarantine" ("host_id", "id");

CREATE TABLE "device" (
    "udid" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "model" TEXT NOT NULL,
    "ios_version" TEXT NOT NULL,
    "first_seen_at" TIMESTAMPTZ(3) NOT NULL,
    "updated_at" TIMESTAMPTZ(3) NOT NULL,
    CONSTRAINT "device_pkey" PRIMARY KEY ("udid")
);

-- What the host's facts say about the host itself.
CREATE TABLE "host_state" (
    "host_id" UUID NOT NULL,
    "health" "health" NOT NULL,
    "heard" BOOLEAN NOT NULL,
    "privileged" BOOLEAN NOT NULL,
    "rungs" TEXT[] NOT NULL,
    "recheck_at" TIMESTAMPTZ(3),
    "updated_at" TIMESTAMPTZ(3) NOT NULL,
    CONSTRAINT "host_state_pkey" PRIMARY KEY ("host_id"),
    CONSTRAINT "host_state_rungs" CHECK (cardinality("rungs") = 8)
);
CREATE INDEX "host_state_due" ON "host_state" ("recheck_at") WHERE "recheck_at" IS NOT NULL;

CREATE TABLE "pair" (
    "id" UUID NOT NULL,
    "host_id" UUID NOT NULL,
    "udid" TEXT NOT NULL,
    "presence" "presence" NOT NULL,
    "health" "health" NOT NULL,
    "primary_cause" TEXT,
    "primary_layer" "layer",
    "primary_confidence" DOUBLE PRECISION,
    "rungs" TEXT[] NOT NULL,
    "ladder" JSONB NOT NULL,
    "since" TIMESTAMPTZ(3) NOT NULL,
    "seen_at" TIMESTAMPTZ(3) NOT NULL,
    "recheck_at" TIMESTAMPTZ(3),
    "revision" BIGINT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    CONSTRAINT "pair_pkey" PRIMARY KEY ("id"),
    CONSTRAINT "pair_rungs" CHECK (cardinality("rungs") = 8),
    CONSTRAINT "pair_primary" CHECK (("primary_cause" IS NULL) = ("primary_layer" IS NULL) AND ("primary_cause" IS NULL) = ("primary_confidence" IS NULL)),
    CONSTRAINT "pair_udid_fkey" FOREIGN KEY ("udid") REFERENCES "device" ("udid") ON DELETE RESTRICT ON UPDATE RESTRICT
);
CREATE UNIQUE INDEX "pair_host_id_udid_key" ON "pair" ("host_id", "udid");
CREATE INDEX "pair_udid_idx" ON "pair" ("udid");
CREATE INDEX "pair_health_id_idx" ON "pair" ("health", "id");
CREATE INDEX "pair_since_id_idx" ON "pair" ("since", "id");
CREATE INDEX "pair_seen_at_id_idx" ON "pair" ("seen_at", "id");
CREATE INDEX "pair_primary_cause_idx" ON "pair" ("primary_cause");
CREATE INDEX "pair_due" ON "pair" ("recheck_at") WHERE "recheck_at" IS NOT NULL;

-- Current facts: one row per host, subject and kind; the host's own have an empty udid. Rewritten often, hence room on every page.
CREATE TABLE "fact" (
    "host_id" UUID NOT NULL,
    "udid" TEXT NOT NULL,
    "kind" TEXT NOT NULL,
    "state" TEXT NOT NULL,
    "reason" TEXT,
    "reading" JSONB,
    "at" TIMESTAMPTZ(3) NOT NULL,
    "seen_at" TIMESTAMPTZ(3) NOT NULL,
    "probe" TEXT NOT NULL,
    "took_ms" DOUBLE PRECISION NOT NULL,
    CONSTRAINT "fact_pkey" PRIMARY KEY ("host_id", "udid", "kind"),
    CONSTRAINT "fact_state" CHECK (
        ("state" = 'seen' AND "reading" IS NOT NULL AND "reason" IS NULL)
        OR ("state" = 'absent' AND "reading" IS NULL AND "reason" IS NULL)
        OR ("state" = 'failed' AND "reading" IS NULL AND "reason" IS NOT NULL)
    )
) WITH (fillfactor = 70);

-- A cause that holds (open) or begins to (pending: shown to nobody), or held (closed). A host's own findings have an empty udid.
CREATE TABLE "finding" (
    "id" UUID NOT NULL,
    "host_id" UUID NOT NULL,
    "udid" TEXT NOT NULL,
    "cause" TEXT NOT NULL,
    "layer" "layer" NOT NULL,
    "health" TEXT NOT NULL,
    "state" TEXT NOT NULL,
    "confidence" DOUBLE PRECISION NOT NULL,
    "evidence" JSONB NOT NULL,
    "explained_by" TEXT,
    "since" TIMESTAMPTZ(3) NOT NULL,
    "opened_at" TIMESTAMPTZ(3),
    "closed_at" TIMESTAMPTZ(3),
    CONSTRAINT "finding_pkey" PRIMARY KEY ("id"),
    CONSTRAINT "finding_health" CHECK ("health" IN ('degraded', 'broken', 'waiting', 'unknown', 'advisory')),
    CONSTRAINT "finding_state" CHECK (
        ("state" = 'pending' AND "opened_at" IS NULL AND "closed_at" IS NULL)
        OR ("state" = 'open' AND "opened_at" IS NOT NULL AND "closed_at" IS NULL)
        OR ("state" = 'closed' AND "opened_at" IS NOT NULL AND "closed_at" IS NOT NULL)
    )
);
-- One open or pending finding per cause and subject.
CREATE UNIQUE INDEX "finding_current" ON "finding" ("host_id", "udid", "cause") WHERE "closed_at" IS NULL;
CREATE INDEX "finding_host_id_udid_opened_at_idx" ON "finding" ("host_id", "udid", "opened_at");
CREATE INDEX "finding_opened_at_id_idx" ON "finding" ("opened_at", "id");
CREATE INDEX "finding_cause_opened_at_idx" ON "finding" ("cause", "opened_at");

-- Changes of a pair's health, primary cause and presence. Findings and runs keep their own times.
CREATE TABLE "pair_history" (
    "id" BIGSERIAL NOT NULL,
    "pair_id" UUID NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL,
    "what" TEXT NOT NULL,
    "to" TEXT NOT NULL,
    "from" TEXT,
    "detail" TEXT,
    CONSTRAINT "pair_history_pkey" PRIMARY KEY ("id"),
    CONSTRAINT "pair_history_what" CHECK ("what" IN ('health', 'presence')),
    CONSTRAINT "pair_history_pair_id_fkey" FOREIGN KEY ("pair_id") REFERENCES "pair" ("id") ON DELETE RESTRICT ON UPDATE RESTRICT
);
CREATE INDEX "pair_history_pair_id_at_idx" ON "pair_history" ("pair_id", "at");

CREATE TABLE "fix_run" (
    "id" UUID NOT NULL,
    "host_id" UUID NOT NULL,
    "pair_id" UUID,
    "udid" TEXT,
    "fix" TEXT NOT NULL,
    "cause" TEXT NOT NULL,
    "state" TEXT NOT NULL,
    "requested_by_kind" TEXT NOT NULL,
    "requested_by_id" TEXT NOT NULL,
    "requested_by" TEXT NOT NULL,
    "stage" TEXT,
    "awaiting" TEXT,
    "mechanics" TEXT,
    "detail" TEXT,
    "verdict" TEXT,
    "waiting_for" TEXT,
    "before" JSONB NOT NULL,
    "after" JSONB,
    "attempts" INTEGER NOT NULL DEFAULT 0,
    "asked_at" TIMESTAMPTZ(3) NOT NULL,
    "sent_at" TIMESTAMPTZ(3),
    "received_at" TIMESTAMPTZ(3),
    "settled_at" TIMESTAMPTZ(3),
    "judged_at" TIMESTAMPTZ(3),
    "expires_at" TIMESTAMPTZ(3) NOT NULL,
    CONSTRAINT "fix_run_pkey" PRIMARY KEY ("id"),
    CONSTRAINT "fix_run_state" CHECK ("state" IN ('queued', 'sent', 'received', 'settled', 'judged', 'expired', 'refused', 'cancelled')),
    CONSTRAINT "fix_run_verdict" CHECK (("state" = 'judged') = ("verdict" IS NOT NULL)),
    CONSTRAINT "fix_run_pair" CHECK (("pair_id" IS NULL) = ("udid" IS NULL))
);
-- One run at a time per host, whoever asks first: the database decides races.
CREATE UNIQUE INDEX "fix_run_active" ON "fix_run" ("host_id") WHERE "state" IN ('queued', 'sent', 'received', 'settled');
CREATE INDEX "fix_run_host_id_asked_at_idx" ON "fix_run" ("host_id", "asked_at");
CREATE INDEX "fix_run_pair_id_asked_at_idx" ON "fix_run" ("pair_id", "asked_at");
CREATE INDEX "fix_run_asked_at_id_idx" ON "fix_run" ("asked_at", "id");
CREATE INDEX "fix_run_fix_cause_idx" ON "fix_run" ("fix", "cause");
