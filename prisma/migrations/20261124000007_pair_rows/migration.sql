-- A pair's row is rewritten whenever its phone was looked at again. None of what changes then stands in an index any more, and every page
-- has room, so such an update touches one page of the table and no index (a heap-only update).
ALTER TABLE "pair" SET (fillfactor = 70);
ALTER TABLE "host_state" SET (fillfactor = 70);

-- Only a list by age would use it: that one sorts all pairs now, as the list in its usual order does.
DROP INDEX "pair_seen_at_id_idx";

-- When time alone changes a verdict about a host or any of its pairs: one row per host says it.
DROP INDEX "pair_due";
UPDATE "host_state" s SET "recheck_at" = least(s."recheck_at", p."at")
FROM (SELECT "host_id", min("recheck_at") AS "at" FROM "pair" GROUP BY "host_id") p
WHERE p."host_id" = s."host_id" AND p."at" IS NOT NULL;

-- What stands behind each rung is read from the facts when somebody looks; the states stay. Nobody reads or writes the column any more, but a
-- server of the version before may still run: it goes with a later migration.
ALTER TABLE "pair" ALTER COLUMN "ladder" SET DEFAULT '[]';
UPDATE "pair" SET "ladder" = '[]';
