-- No server reads or writes it any more: what stands behind the rungs is read from the facts.
ALTER TABLE "pair" DROP COLUMN "ladder";

-- Rewritten with every message of a host. None of what changes then stands in an index, so a page with room keeps the new row beside the old
-- one (a heap-only update).
ALTER TABLE "host_link" SET (fillfactor = 50);
