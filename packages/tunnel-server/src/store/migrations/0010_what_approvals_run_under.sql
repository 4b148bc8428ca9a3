ALTER TABLE "approvals" ADD COLUMN "role" text;--> statement-breakpoint
ALTER TABLE "approvals" ADD COLUMN "settings" jsonb DEFAULT '[]'::jsonb;--> statement-breakpoint
ALTER TABLE "approvals" ADD COLUMN "locks" jsonb;