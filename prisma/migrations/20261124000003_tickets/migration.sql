-- Tickets and their stories.

-- Declared most urgent first.
CREATE TYPE "ticket_priority" AS ENUM ('urgent', 'high', 'normal', 'low');

-- The number given last. A row and not a sequence: a filing that is rolled back leaves no gap.
CREATE TABLE "ticket_number" (
    "id" BOOLEAN NOT NULL DEFAULT true,
    "last" INTEGER NOT NULL,
    CONSTRAINT "ticket_number_pkey" PRIMARY KEY ("id"),
    CONSTRAINT "ticket_number_once" CHECK ("id")
);
INSERT INTO "ticket_number" ("last") VALUES (0);

-- A host's and a finding's rows are other rooms': host_id and finding_id point there without foreign keys.
CREATE TABLE "ticket" (
    "id" UUID NOT NULL,
    "number" INTEGER NOT NULL,
    "desk" TEXT NOT NULL,
    "host_id" UUID NOT NULL,
    "udid" TEXT NOT NULL,
    "family" TEXT NOT NULL,
    "cause" TEXT NOT NULL,
    "layer" "layer" NOT NULL,
    "finding_id" UUID NOT NULL,
    "state" TEXT NOT NULL,
    "priority" "ticket_priority" NOT NULL,
    "priority_by" TEXT NOT NULL,
    "title" TEXT NOT NULL,
    "body" TEXT NOT NULL,
    "written_from" TEXT NOT NULL,
    "pairs" INTEGER NOT NULL,
    "flapping" BOOLEAN NOT NULL,
    "assignee_id" UUID,
    "assignee" TEXT,
    "began_at" TIMESTAMPTZ(3) NOT NULL,
    "since" TIMESTAMPTZ(3) NOT NULL,
    "opened_at" TIMESTAMPTZ(3) NOT NULL,
    "changed_at" TIMESTAMPTZ(3) NOT NULL,
    "gone_at" TIMESTAMPTZ(3),
    "closed_at" TIMESTAMPTZ(3),
    "closed_by" TEXT,
    "closed_by_name" TEXT,
    "close_reason" TEXT,
    "reopened_at" TIMESTAMPTZ(3),
    "reopened" INTEGER NOT NULL,
    "previous_id" UUID,
    "revision" BIGINT NOT NULL,
    CONSTRAINT "ticket_pkey" PRIMARY KEY ("id"),
    CONSTRAINT "ticket_state" CHECK (
        ("state" = 'open' AND "closed_at" IS NULL AND "closed_by" IS NULL)
        OR ("state" = 'closed' AND "closed_at" IS NOT NULL AND "closed_by" IN ('server', 'person'))
    ),
    CONSTRAINT "ticket_closed_by" CHECK (
        ("closed_by" IS NOT DISTINCT FROM 'person') = ("closed_by_name" IS NOT NULL) AND ("closed_by_name" IS NULL) = ("close_reason" IS NULL)
    ),
    CONSTRAINT "ticket_priority_by" CHECK ("priority_by" IN ('server', 'person')),
    CONSTRAINT "ticket_assignee" CHECK ("assignee_id" IS NULL OR "assignee" IS NOT NULL),
    CONSTRAINT "ticket_reopened" CHECK ("reopened" >= 0 AND ("reopened" = 0) = ("reopened_at" IS NULL)),
    CONSTRAINT "ticket_previous_id_fkey" FOREIGN KEY ("previous_id") REFERENCES "ticket" ("id") ON DELETE RESTRICT ON UPDATE RESTRICT
);
CREATE UNIQUE INDEX "ticket_number_key" ON "ticket" ("number");
-- One open ticket per finding, and per case: whoever comes second is refused by the database, whatever they knew.
CREATE UNIQUE INDEX "ticket_open_finding" ON "ticket" ("finding_id") WHERE "state" = 'open';
CREATE UNIQUE INDEX "ticket_open_case" ON "ticket" ("host_id", "udid", "family") WHERE "state" = 'open';
CREATE INDEX "ticket_host_id_udid_family_idx" ON "ticket" ("host_id", "udid", "family");
CREATE INDEX "ticket_priority_number_idx" ON "ticket" ("priority", "number");
CREATE INDEX "ticket_opened_at_number_idx" ON "ticket" ("opened_at", "number");
CREATE INDEX "ticket_changed_at_number_idx" ON "ticket" ("changed_at", "number");
CREATE INDEX "ticket_previous_id_idx" ON "ticket" ("previous_id");

CREATE TABLE "ticket_event" (
    "id" BIGSERIAL NOT NULL,
    "ticket_id" UUID NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL,
    "kind" TEXT NOT NULL,
    "by_kind" TEXT NOT NULL,
    "by_id" TEXT,
    "by_name" TEXT NOT NULL,
    "text" TEXT,
    "from" TEXT,
    "to" TEXT,
    "run_id" UUID,
    CONSTRAINT "ticket_event_pkey" PRIMARY KEY ("id"),
    CONSTRAINT "ticket_event_kind" CHECK ("kind" IN ('filed', 'cause', 'priority', 'assignee', 'tried', 'comment', 'closed', 'reopened')),
    CONSTRAINT "ticket_event_by" CHECK ("by_kind" IN ('person', 'token', 'server')),
    CONSTRAINT "ticket_event_run" CHECK (("kind" = 'tried') = ("run_id" IS NOT NULL)),
    CONSTRAINT "ticket_event_comment" CHECK ("kind" <> 'comment' OR "text" IS NOT NULL),
    CONSTRAINT "ticket_event_ticket_id_fkey" FOREIGN KEY ("ticket_id") REFERENCES "ticket" ("id") ON DELETE RESTRICT ON UPDATE RESTRICT
);
CREATE INDEX "ticket_event_ticket_id_at_id_idx" ON "ticket_event" ("ticket_id", "at", "id");
-- A run is told once.
CREATE UNIQUE INDEX "ticket_event_run_once" ON "ticket_event" ("ticket_id", "run_id") WHERE "run_id" IS NOT NULL;
