ALTER TABLE "approvals" ADD COLUMN "count" integer DEFAULT 1 NOT NULL;--> statement-breakpoint
ALTER TABLE "approvals" ADD COLUMN "votes" jsonb DEFAULT '[]'::jsonb NOT NULL;--> statement-breakpoint
ALTER TABLE "approvals" ADD COLUMN "on_hold" text DEFAULT 'wait' NOT NULL;--> statement-breakpoint
ALTER TABLE "approvals" ADD COLUMN "ticketed_at" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "approvals" ADD COLUMN "database" text;--> statement-breakpoint
ALTER TABLE "approvals" ADD COLUMN "in_transaction" boolean DEFAULT false NOT NULL;--> statement-breakpoint
ALTER TABLE "approvals" ADD COLUMN "before" jsonb DEFAULT '[]'::jsonb NOT NULL;--> statement-breakpoint
ALTER TABLE "approvals" ADD COLUMN "exact_key" text;--> statement-breakpoint
ALTER TABLE "approvals" ADD COLUMN "like_key" text;--> statement-breakpoint
ALTER TABLE "approvals" ADD COLUMN "uses" integer DEFAULT 1 NOT NULL;--> statement-breakpoint
ALTER TABLE "approvals" ADD COLUMN "used" integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "approvals" ADD COLUMN "usable_until" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "approvals" ADD COLUMN "broke_glass" boolean DEFAULT false NOT NULL;--> statement-breakpoint
ALTER TABLE "approvals" ADD COLUMN "original_ciphertext" "bytea";--> statement-breakpoint
ALTER TABLE "approvals" ADD COLUMN "original_nonce" "bytea";--> statement-breakpoint
ALTER TABLE "approvals" ADD COLUMN "original_key_id" text;--> statement-breakpoint
CREATE INDEX "approvals_exact" ON "approvals" USING btree ("exact_key") WHERE exact_key is not null;--> statement-breakpoint
CREATE INDEX "approvals_like" ON "approvals" USING btree ("like_key") WHERE uses > 1;