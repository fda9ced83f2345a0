-- Several server processes on one database.

-- The server processes that run: each says every few seconds that it still does.
CREATE TABLE "server_node" (
    "id" UUID NOT NULL,
    "name" TEXT NOT NULL,
    "started_at" TIMESTAMPTZ(3) NOT NULL,
    "seen_at" TIMESTAMPTZ(3) NOT NULL,
    "order_key_id" TEXT NOT NULL,
    CONSTRAINT "server_node_pkey" PRIMARY KEY ("id")
);

-- Which process holds the host's socket, and which of its sign-ons that socket is: of two connections the one with the higher number is
-- the newer, whatever order the news of them arrives in. And which process wrote the host's picture last: every other one that has the
-- picture in memory has an old one.
ALTER TABLE "host_link"
    ADD COLUMN "node_id" UUID,
    ADD COLUMN "sign_ons" BIGINT NOT NULL DEFAULT 0,
    ADD COLUMN "picture_by" UUID;
