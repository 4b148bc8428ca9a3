CREATE TABLE "admin_tokens" (
	"hash" "bytea" PRIMARY KEY NOT NULL,
	"created_at" timestamp with time zone NOT NULL,
	"expires_at" timestamp with time zone NOT NULL
);
--> statement-breakpoint
ALTER TABLE "logins" ADD COLUMN "device_name" text;--> statement-breakpoint
ALTER TABLE "logins" ADD COLUMN "begun_at" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "logins" ADD COLUMN "last_used_at" timestamp with time zone;--> statement-breakpoint
UPDATE "logins" SET "begun_at" = "authenticated_at", "last_used_at" = "authenticated_at";--> statement-breakpoint
ALTER TABLE "logins" ALTER COLUMN "begun_at" SET NOT NULL;--> statement-breakpoint
ALTER TABLE "logins" ALTER COLUMN "last_used_at" SET NOT NULL;
