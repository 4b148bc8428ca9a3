CREATE TABLE "agent_join_tokens" (
	"hash" "bytea" PRIMARY KEY NOT NULL,
	"name" text NOT NULL,
	"created_by" jsonb NOT NULL,
	"created_at" timestamp with time zone NOT NULL,
	"expires_at" timestamp with time zone NOT NULL,
	"used_at" timestamp with time zone
);
--> statement-breakpoint
CREATE TABLE "agents" (
	"id" text PRIMARY KEY NOT NULL,
	"name" text NOT NULL,
	"key_thumbprint" text NOT NULL,
	"version" text NOT NULL,
	"host" text NOT NULL,
	"address" text NOT NULL,
	"joined_at" timestamp with time zone NOT NULL,
	"joined_by" jsonb NOT NULL,
	"credential_until" timestamp with time zone NOT NULL,
	"seen_at" timestamp with time zone NOT NULL,
	"gateway" text,
	"revoked_at" timestamp with time zone,
	CONSTRAINT "agents_key_thumbprint_unique" UNIQUE("key_thumbprint")
);
--> statement-breakpoint
CREATE INDEX "agents_name" ON "agents" USING btree ("name");