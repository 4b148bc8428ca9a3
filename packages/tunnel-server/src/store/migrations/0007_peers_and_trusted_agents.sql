CREATE TABLE "gateways" (
	"id" text PRIMARY KEY NOT NULL,
	"url" text,
	"public_key" jsonb NOT NULL,
	"seen_at" timestamp with time zone NOT NULL
);
--> statement-breakpoint
ALTER TABLE "agents" ADD COLUMN "let_in_by" jsonb;