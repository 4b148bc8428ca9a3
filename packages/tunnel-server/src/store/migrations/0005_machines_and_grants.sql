CREATE TABLE "access_grants" (
	"id" text PRIMARY KEY NOT NULL,
	"state" text NOT NULL,
	"access" text NOT NULL,
	"connection" text NOT NULL,
	"requester_id" text NOT NULL,
	"requester" jsonb NOT NULL,
	"reason" text NOT NULL,
	"duration" integer NOT NULL,
	"approvers" text[] NOT NULL,
	"count" integer NOT NULL,
	"approvals" jsonb NOT NULL,
	"requested_at" timestamp with time zone NOT NULL,
	"expires_at" timestamp with time zone NOT NULL,
	"granted_at" timestamp with time zone,
	"ends_at" timestamp with time zone,
	"closed_by" jsonb,
	"closed_at" timestamp with time zone,
	"closed_reason" text
);
--> statement-breakpoint
CREATE TABLE "delegations" (
	"hash" "bytea" PRIMARY KEY NOT NULL,
	"machine" text NOT NULL,
	"login" text NOT NULL,
	"once" boolean NOT NULL,
	"created_at" timestamp with time zone NOT NULL,
	"expires_at" timestamp with time zone NOT NULL,
	"used_at" timestamp with time zone
);
--> statement-breakpoint
CREATE TABLE "service_account_keys" (
	"id" text PRIMARY KEY NOT NULL,
	"account" text NOT NULL,
	"hash" "bytea" NOT NULL,
	"created_at" timestamp with time zone NOT NULL,
	"created_by" jsonb NOT NULL,
	"last_used_at" timestamp with time zone,
	"revoked_at" timestamp with time zone,
	CONSTRAINT "service_account_keys_hash_unique" UNIQUE("hash")
);
--> statement-breakpoint
CREATE TABLE "used_tokens" (
	"hash" "bytea" PRIMARY KEY NOT NULL,
	"device" text,
	"expires_at" timestamp with time zone NOT NULL
);
--> statement-breakpoint
ALTER TABLE "logins" ADD COLUMN "source" text;--> statement-breakpoint
ALTER TABLE "delegations" ADD CONSTRAINT "delegations_login_logins_id_fk" FOREIGN KEY ("login") REFERENCES "public"."logins"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "access_grants_recent" ON "access_grants" USING btree ("requested_at" DESC NULLS LAST);--> statement-breakpoint
CREATE INDEX "access_grants_requester" ON "access_grants" USING btree ("requester_id","requested_at" DESC NULLS LAST);--> statement-breakpoint
CREATE INDEX "access_grants_active" ON "access_grants" USING btree ("ends_at") WHERE state = 'granted';--> statement-breakpoint
CREATE INDEX "service_account_keys_account" ON "service_account_keys" USING btree ("account");--> statement-breakpoint
CREATE INDEX "used_tokens_expiry" ON "used_tokens" USING btree ("expires_at");--> statement-breakpoint
CREATE INDEX "logins_source" ON "logins" USING btree ("source");