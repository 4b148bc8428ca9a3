CREATE TABLE "local_authorities" (
	"identity_id" text PRIMARY KEY NOT NULL,
	"certificate" text NOT NULL,
	"ciphertext" "bytea" NOT NULL,
	"nonce" "bytea" NOT NULL,
	"key_id" text NOT NULL,
	"not_after" timestamp with time zone NOT NULL
);
