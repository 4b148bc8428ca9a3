/**
 * Functions that come with PostgreSQL and are written in SQL, as pg_get_functiondef of versions 15 and 18 prints them: the first 16 digits
 * of their SHA-256. What is in C stays what it is whatever its row in pg_proc says, unless that says SQL. One of a version that prints it in
 * another way is read as anybody's.
 */
const shipped = `
ecab78fd75d06ea7 3e030680cb9f599c 123fa2a397d22868 b876f7efd034c679 68e76e3f2f974bff 1ebc476233eaeb65 9cc719483066961b
2e805158fdf2e970 8dfdf7dca5b6cf70 394a1e949ea6d095 501b93d81c0ccd04 aac8d8c577b8e610 07445d73a743506a ed396ebe1478bc4c
8a00c8a627570ccf bcec090c221500d3 c640133e061dbd9b a808ae278c1d3b1c 5be984e26f50f635 e1770c969f515220 e65332e9a76bbfdd
fdd0887deac93b9d a546e66bf9177be0 093a40c60183d205 4545b403cc95bd10 4032dce8c16c4910 abcac7eefc73a764 e159541239dc0f21
acf3777c8d618ce0 5d9b68817f9b59c7 1620c3f13429b0d8 b3e1539affcf9929 0219a0acc4974c2b f6d07423f54a0218 d94941acc67c8c57
3f94b68025f02f7b 1efc6a2e1d97c14a 0f9aaaedf4044121 2a7d86f54be132f8 0f0f5e01d6661c1f 548c854f09b39038 237a9dd166a13042
687ebd998cebff80 8db76ddd8dd884db 15c297757f65e705 6244feed4a0a3c7f 14e12e64a327658b 45be3f3744089440 bcc2e67f8e52b8fd
20dc354a6de3ac5f d30b5f3ba634309e d3573c7364eaeb60 3b59e1e44308d7a6 c4cccdebaf537824 29c2d9c5ae3c3276 e19ccfeb3778c1c8
82c019a283d88445 533d166a4b9b1d59 708ae20bcd4d5e1e 3b3032aecd5f112c 2558a24c58a09879 3019c8ab45be74d5`
  .trim()
  .split(/\s+/)

/** The first OID that is not the server's own. https://github.com/postgres/postgres src/include/access/transam.h */
export const firstOwnOid = 16_384

/** OIDs of the languages `internal` and `c`. https://github.com/postgres/postgres src/include/catalog/pg_language.dat */
const compiled = '(12, 13)'

/** A WITH query of the functions that came with the server and are not what they were: `CREATE OR REPLACE FUNCTION pg_catalog.…` keeps an OID. */
export const replaced = `replaced (oid) as materialized (
  select oid from pg_proc where case when oid >= ${firstOwnOid} or prolang in ${compiled} then false
  else left(encode(sha256(convert_to(pg_get_functiondef(oid), 'UTF8')), 'hex'), 16) <> all ('{${shipped.join()}}') end
)`
