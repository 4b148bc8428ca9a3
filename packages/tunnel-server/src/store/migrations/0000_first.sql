CREATE TABLE "admin_log" (
	"id" bigserial PRIMARY KEY NOT NULL,
	"at" timestamp with time zone NOT NULL,
	"by" jsonb NOT NULL,
	"action" text NOT NULL,
	"target" text NOT NULL,
	"detail" text
);
--> statement-breakpoint
CREATE TABLE "approvals" (
	"id" text PRIMARY KEY NOT NULL,
	"gateway" text NOT NULL,
	"state" text NOT NULL,
	"session" text NOT NULL,
	"operation" text NOT NULL,
	"connection" text NOT NULL,
	"requester_id" text NOT NULL,
	"requester" jsonb NOT NULL,
	"reason" text,
	"rule" text NOT NULL,
	"message" text NOT NULL,
	"approvers" text[] NOT NULL,
	"text" text NOT NULL,
	"parameters" jsonb NOT NULL,
	"effects" text[] NOT NULL,
	"objects" jsonb NOT NULL,
	"held_at" timestamp with time zone NOT NULL,
	"expires_at" timestamp with time zone NOT NULL,
	"decided_by" jsonb,
	"decided_at" timestamp with time zone,
	"decision_reason" text,
	"voided_because" text
);
--> statement-breakpoint
CREATE TABLE "documents" (
	"kind" text NOT NULL,
	"name" text NOT NULL,
	"spec" jsonb NOT NULL,
	"version" integer NOT NULL,
	"updated_at" timestamp with time zone NOT NULL,
	"updated_by" text NOT NULL,
	CONSTRAINT "documents_kind_name_pk" PRIMARY KEY("kind","name")
);
--> statement-breakpoint
CREATE TABLE "logins" (
	"id" text PRIMARY KEY NOT NULL,
	"identity_id" text NOT NULL,
	"identity" jsonb NOT NULL,
	"authenticated_at" timestamp with time zone NOT NULL,
	"expires_at" timestamp with time zone NOT NULL,
	"ended_at" timestamp with time zone,
	"ended_because" text
);
--> statement-breakpoint
CREATE TABLE "refresh_tokens" (
	"hash" "bytea" PRIMARY KEY NOT NULL,
	"login" text NOT NULL,
	"used" boolean DEFAULT false NOT NULL
);
--> statement-breakpoint
CREATE TABLE "secrets" (
	"connection" text NOT NULL,
	"field" text NOT NULL,
	"ciphertext" "bytea" NOT NULL,
	"nonce" "bytea" NOT NULL,
	"key_id" text NOT NULL,
	CONSTRAINT "secrets_connection_field_pk" PRIMARY KEY("connection","field")
);
--> statement-breakpoint
CREATE TABLE "sessions" (
	"id" text PRIMARY KEY NOT NULL,
	"gateway" text NOT NULL,
	"identity_id" text NOT NULL,
	"identity" jsonb NOT NULL,
	"connection" text NOT NULL,
	"via" text NOT NULL,
	"reason" text,
	"state" text NOT NULL,
	"opened_at" timestamp with time zone NOT NULL,
	"closed_at" timestamp with time zone,
	"words" text,
	"operations" integer DEFAULT 0 NOT NULL
);
--> statement-breakpoint
ALTER TABLE "refresh_tokens" ADD CONSTRAINT "refresh_tokens_login_logins_id_fk" FOREIGN KEY ("login") REFERENCES "public"."logins"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "approvals_held" ON "approvals" USING btree ("gateway") WHERE state = 'held';--> statement-breakpoint
CREATE INDEX "approvals_recent" ON "approvals" USING btree ("held_at" DESC NULLS LAST);--> statement-breakpoint
CREATE INDEX "approvals_requester" ON "approvals" USING btree ("requester_id","held_at" DESC NULLS LAST);--> statement-breakpoint
CREATE INDEX "logins_identity" ON "logins" USING btree ("identity_id");--> statement-breakpoint
CREATE INDEX "logins_expiry" ON "logins" USING btree ("expires_at");--> statement-breakpoint
CREATE INDEX "refresh_tokens_login" ON "refresh_tokens" USING btree ("login");--> statement-breakpoint
CREATE INDEX "sessions_opened" ON "sessions" USING btree ("opened_at" DESC NULLS LAST);--> statement-breakpoint
CREATE INDEX "sessions_identity" ON "sessions" USING btree ("identity_id","opened_at" DESC NULLS LAST);--> statement-breakpoint
CREATE INDEX "sessions_open" ON "sessions" USING btree ("gateway") WHERE state = 'open';