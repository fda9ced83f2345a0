-- People, sign-in, tokens, host keys, audit, idempotency keys.

CREATE TYPE "role" AS ENUM ('viewer', 'technician', 'admin');

CREATE TABLE "idempotency_key" (
    "id" BYTEA NOT NULL,
    "fingerprint" BYTEA NOT NULL,
    "process_id" UUID NOT NULL,
    "started_at" TIMESTAMPTZ(3) NOT NULL,
    "done_at" TIMESTAMPTZ(3),
    "status" INTEGER,
    "answer" BYTEA,
    CONSTRAINT "idempotency_key_pkey" PRIMARY KEY ("id"),
    CONSTRAINT "idempotency_key_done" CHECK (("done_at" IS NULL) = ("status" IS NULL) AND ("done_at" IS NULL) = ("answer" IS NULL))
);
CREATE INDEX "idempotency_key_started_at_idx" ON "idempotency_key" ("started_at");

CREATE TABLE "person" (
    "id" UUID NOT NULL,
    "name" TEXT NOT NULL,
    "email" TEXT NOT NULL,
    "role" "role" NOT NULL,
    "password_hash" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "disabled_at" TIMESTAMPTZ(3),
    CONSTRAINT "person_pkey" PRIMARY KEY ("id"),
    CONSTRAINT "person_email_spelling" CHECK ("email" = lower("email"))
);
CREATE UNIQUE INDEX "person_email_key" ON "person" ("email");

-- One row at most, for ever: its key has one allowed value, and neither it nor the first admin can be deleted.
CREATE TABLE "setup" (
    "id" BOOLEAN NOT NULL DEFAULT true,
    "person_id" UUID NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL,
    CONSTRAINT "setup_pkey" PRIMARY KEY ("id"),
    CONSTRAINT "setup_once" CHECK ("id"),
    CONSTRAINT "setup_person_id_fkey" FOREIGN KEY ("person_id") REFERENCES "person" ("id") ON DELETE RESTRICT ON UPDATE RESTRICT
);
CREATE UNIQUE INDEX "setup_person_id_key" ON "setup" ("person_id");

CREATE TABLE "session" (
    "id" UUID NOT NULL,
    "token_hash" BYTEA NOT NULL,
    "person_id" UUID NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "last_seen_at" TIMESTAMPTZ(3) NOT NULL,
    "expires_at" TIMESTAMPTZ(3) NOT NULL,
    "address" TEXT NOT NULL,
    CONSTRAINT "session_pkey" PRIMARY KEY ("id"),
    CONSTRAINT "session_token_hash_length" CHECK (octet_length("token_hash") = 32),
    CONSTRAINT "session_person_id_fkey" FOREIGN KEY ("person_id") REFERENCES "person" ("id") ON DELETE CASCADE ON UPDATE RESTRICT
);
CREATE UNIQUE INDEX "session_token_hash_key" ON "session" ("token_hash");
CREATE INDEX "session_person_id_idx" ON "session" ("person_id");
CREATE INDEX "session_expires_at_idx" ON "session" ("expires_at");

CREATE TABLE "api_token" (
    "id" UUID NOT NULL,
    "name" TEXT NOT NULL,
    "role" "role" NOT NULL,
    "token_hash" BYTEA NOT NULL,
    "created_by" UUID,
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "expires_at" TIMESTAMPTZ(3),
    "last_used_at" TIMESTAMPTZ(3),
    "revoked_at" TIMESTAMPTZ(3),
    CONSTRAINT "api_token_pkey" PRIMARY KEY ("id"),
    CONSTRAINT "api_token_token_hash_length" CHECK (octet_length("token_hash") = 32)
);
CREATE UNIQUE INDEX "api_token_token_hash_key" ON "api_token" ("token_hash");
CREATE INDEX "api_token_created_at_id_idx" ON "api_token" ("created_at", "id");

CREATE TABLE "enrolment_token" (
    "id" UUID NOT NULL,
    "token_hash" BYTEA NOT NULL,
    "note" TEXT NOT NULL,
    "uses" INTEGER NOT NULL,
    "uses_left" INTEGER NOT NULL,
    "created_by" UUID,
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "expires_at" TIMESTAMPTZ(3) NOT NULL,
    "last_used_at" TIMESTAMPTZ(3),
    "revoked_at" TIMESTAMPTZ(3),
    CONSTRAINT "enrolment_token_pkey" PRIMARY KEY ("id"),
    CONSTRAINT "enrolment_token_uses" CHECK ("uses" > 0 AND "uses_left" BETWEEN 0 AND "uses"),
    CONSTRAINT "enrolment_token_token_hash_length" CHECK (octet_length("token_hash") = 32)
);
CREATE UNIQUE INDEX "enrolment_token_token_hash_key" ON "enrolment_token" ("token_hash");
CREATE INDEX "enrolment_token_created_at_id_idx" ON "enrolment_token" ("created_at", "id");

CREATE TABLE "host_key" (
    "id" UUID NOT NULL,
    "public_key" TEXT NOT NULL,
    "hostname" TEXT NOT NULL,
    "os" TEXT NOT NULL,
    "os_version" TEXT NOT NULL,
    "arch" TEXT NOT NULL,
    "agent" TEXT NOT NULL,
    "enrolled_at" TIMESTAMPTZ(3) NOT NULL,
    "enrolled_by" UUID NOT NULL,
    "revoked_at" TIMESTAMPTZ(3),
    CONSTRAINT "host_key_pkey" PRIMARY KEY ("id"),
    CONSTRAINT "host_key_os" CHECK ("os" IN ('linux', 'macos', 'windows')),
    CONSTRAINT "host_key_enrolled_by_fkey" FOREIGN KEY ("enrolled_by") REFERENCES "enrolment_token" ("id") ON DELETE RESTRICT ON UPDATE RESTRICT
);
CREATE UNIQUE INDEX "host_key_public_key_key" ON "host_key" ("public_key");
CREATE INDEX "host_key_enrolled_by_idx" ON "host_key" ("enrolled_by");

CREATE TABLE "audit" (
    "id" BIGSERIAL NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL,
    "actor_kind" TEXT NOT NULL,
    "actor_id" TEXT,
    "actor_name" TEXT NOT NULL,
    "action" TEXT NOT NULL,
    "subject_kind" TEXT,
    "subject_id" TEXT,
    "address" TEXT,
    "detail" JSONB NOT NULL,
    CONSTRAINT "audit_pkey" PRIMARY KEY ("id"),
    CONSTRAINT "audit_actor_kind" CHECK ("actor_kind" IN ('person', 'token', 'host', 'server', 'anonymous'))
);
CREATE INDEX "audit_at_id_idx" ON "audit" ("at", "id");
CREATE INDEX "audit_subject_kind_subject_id_id_idx" ON "audit" ("subject_kind", "subject_id", "id");

-- A row of the audit is a fact: no statement of this system may change or remove it.
CREATE FUNCTION "audit_is_append_only"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'audit rows are never changed or deleted' USING ERRCODE = '55000';
END
$$;
CREATE TRIGGER "audit_append_only" BEFORE UPDATE OR DELETE OR TRUNCATE ON "audit"
    FOR EACH STATEMENT EXECUTE FUNCTION "audit_is_append_only"();
