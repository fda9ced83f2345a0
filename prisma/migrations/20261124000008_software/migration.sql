-- What is known of Apple's software: the last good answer of each feed, in our own shape.
CREATE TABLE "software_feed" (
    "feed" TEXT NOT NULL,
    "part" JSONB,
    "url" TEXT,
    "etag" TEXT,
    "last_modified" TEXT,
    "fetched_at" TIMESTAMPTZ(3),
    "tried_at" TIMESTAMPTZ(3) NOT NULL,
    "fault" TEXT,
    "problem" TEXT,
    "failing_since" TIMESTAMPTZ(3),
    "revision" BIGINT NOT NULL,
    CONSTRAINT "software_feed_pkey" PRIMARY KEY ("feed"),
    CONSTRAINT "software_feed_is_dated" CHECK (("part" IS NULL) = ("fetched_at" IS NULL)),
    CONSTRAINT "software_feed_says_why" CHECK (("fault" IS NULL) = ("problem" IS NULL) AND ("fault" IS NULL) = ("failing_since" IS NULL))
);
