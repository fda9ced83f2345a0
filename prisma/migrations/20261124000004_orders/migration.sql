-- The switch that stops all orders, the fleet-wide cap on runs that interrupt people, and which order key each host knows.

-- One row, for ever. Every order is signed in a transaction that holds a share of it: once a stop is committed, none is signed.
CREATE TABLE "order_switch" (
    "id" BOOLEAN NOT NULL DEFAULT true,
    "stopped" BOOLEAN NOT NULL DEFAULT false,
    "reason" TEXT,
    "by_kind" TEXT,
    "by_id" TEXT,
    "by_name" TEXT,
    "at" TIMESTAMPTZ(3),
    CONSTRAINT "order_switch_pkey" PRIMARY KEY ("id"),
    CONSTRAINT "order_switch_once" CHECK ("id"),
    CONSTRAINT "order_switch_said_why" CHECK (NOT "stopped" OR ("reason" IS NOT NULL AND "by_name" IS NOT NULL AND "at" IS NOT NULL))
);
INSERT INTO "order_switch" DEFAULT VALUES;

-- A run that waits for a place under the cap is not looked at before this; and when a run took its place.
ALTER TABLE "fix_run" ADD COLUMN "not_before" TIMESTAMPTZ(3);
ALTER TABLE "fix_run" ADD COLUMN "place_at" TIMESTAMPTZ(3);
CREATE INDEX "fix_run_place" ON "fix_run" ("place_at") WHERE "place_at" IS NOT NULL;

ALTER TABLE "host_link" ADD COLUMN "order_key_id" TEXT;
