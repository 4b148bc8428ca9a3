CREATE TABLE "chat_accounts" (
	"notifier" text NOT NULL,
	"signed_by" text NOT NULL,
	"team" text NOT NULL,
	"account" text NOT NULL,
	"name" text NOT NULL,
	"code_hash" "bytea",
	"code_until" timestamp with time zone,
	"identity_id" text,
	"linked_at" timestamp with time zone,
	CONSTRAINT "chat_accounts_notifier_signed_by_team_account_pk" PRIMARY KEY("notifier","signed_by","team","account"),
	CONSTRAINT "chat_accounts_code_hash_unique" UNIQUE("code_hash")
);
--> statement-breakpoint
CREATE TABLE "notifications" (
	"order" bigserial PRIMARY KEY NOT NULL,
	"id" text NOT NULL,
	"notifier" text NOT NULL,
	"event" text NOT NULL,
	"subject" text NOT NULL,
	"notice" jsonb NOT NULL,
	"created_at" timestamp with time zone NOT NULL,
	"due_at" timestamp with time zone NOT NULL,
	"attempts" integer DEFAULT 0 NOT NULL,
	"settled_at" timestamp with time zone,
	"receipt" jsonb
);
--> statement-breakpoint
CREATE INDEX "chat_accounts_identity" ON "chat_accounts" USING btree ("identity_id");--> statement-breakpoint
CREATE INDEX "notifications_due" ON "notifications" USING btree ("due_at") WHERE settled_at is null;--> statement-breakpoint
CREATE INDEX "notifications_subject" ON "notifications" USING btree ("notifier","subject","order");