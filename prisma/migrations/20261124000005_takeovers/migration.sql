-- The last times at which a newer connection took a host over while the older one was alive and answered, newest first, three at most: two
-- computers with one key (a copied disk image) do that to each other again and again.
ALTER TABLE "host_link" ADD COLUMN "takeovers" TIMESTAMPTZ(3)[] NOT NULL DEFAULT ARRAY[]::TIMESTAMPTZ(3)[];
