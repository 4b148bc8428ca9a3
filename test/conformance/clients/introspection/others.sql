-- TablePlus, Postico and Beekeeper: a new connection and the list of a schema's items.

SET SESSION CHARACTERISTICS AS TRANSACTION READ WRITE;

SELECT version(), current_setting('server_version_num'), current_setting('is_superuser'), inet_server_port() IS NULL;

SELECT datname, pg_encoding_to_char(encoding), has_database_privilege(datname, 'CONNECT') FROM pg_database WHERE datistemplate = false ORDER BY datname;

SELECT table_schema, table_name, table_type FROM information_schema.tables WHERE table_schema NOT IN ('pg_catalog', 'information_schema') ORDER BY 1, 2;

SELECT ordinal_position as ordinal_position, column_name as column_name, udt_name AS data_type, numeric_precision, datetime_precision, numeric_scale, character_maximum_length AS data_length,
  is_nullable as is_nullable, column_name as check, column_name as check_constraint, column_default as column_default, column_name AS foreign_key, pg_catalog.col_description({class zoo.keepers}, ordinal_position) as comment
FROM information_schema.columns WHERE table_name = 'keepers' AND table_schema = 'zoo';

SELECT ix.relname as index_name, upper(am.amname) AS index_algorithm, indisunique as is_unique, pg_get_indexdef(indexrelid) as index_definition,
  CASE WHEN position(' WHERE ' in pg_get_indexdef(indexrelid)) > 0 THEN regexp_replace(pg_get_indexdef(indexrelid), '.+WHERE ', '') ELSE '' END AS condition, pg_catalog.obj_description(i.indexrelid, 'pg_class') as comment
FROM pg_index i JOIN pg_class t ON t.oid = i.indrelid JOIN pg_class ix ON ix.oid = i.indexrelid JOIN pg_namespace n ON t.relnamespace = n.oid JOIN pg_am as am ON ix.relam = am.oid
WHERE t.relname = 'animals' AND n.nspname = 'zoo';

SELECT reltuples::bigint AS estimate, pg_size_pretty(pg_total_relation_size(oid)) FROM pg_class WHERE oid = '"zoo"."animals"'::regclass;

-- Hibernate 6 and Flyway 10 (beside pgjdbc's DatabaseMetaData): sequences, locks, the schema's state.

select * from information_schema.sequences;

select nextval('zoo.numbers') is not null, currval('zoo.numbers') is not null;

SELECT pg_try_advisory_xact_lock(77431708279162);

SELECT current_user;

SELECT set_config('search_path', 'zoo,public', false);

SHOW search_path;

SELECT COUNT(*) FROM pg_namespace WHERE nspname = 'zoo';

SELECT EXISTS (SELECT 1 FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace LEFT JOIN pg_catalog.pg_depend d ON d.objid = c.oid AND d.deptype = 'e'
  WHERE n.nspname = 'zoo' AND d.objid IS NULL AND c.relkind IN ('r', 'v', 'S', 't'));

SELECT proname, pg_get_function_identity_arguments(p.oid) FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace LEFT JOIN pg_depend d ON d.objid = p.oid AND d.deptype = 'e'
WHERE n.nspname = 'zoo' AND d.objid IS NULL AND prokind = 'f';

RESET search_path;

-- Drizzle Kit 0.30: `drizzle-kit pull`.

SELECT n.nspname AS table_schema, c.relname AS table_name, CASE WHEN c.relkind = 'r' THEN 'table' WHEN c.relkind = 'v' THEN 'view' WHEN c.relkind = 'm' THEN 'materialized_view' END AS type, c.relrowsecurity AS rls_enabled
FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind IN ('r', 'v', 'm') AND n.nspname = 'zoo';

SELECT schemaname, tablename, policyname as name, permissive as "as", roles as to, cmd as for, qual as using, with_check as "withCheck" FROM pg_policies;

SELECT a.attrelid::regclass::text, a.attname, is_nullable, a.attndims as array_dimensions,
  CASE WHEN a.atttypid = ANY ('{int,int8,int2}'::regtype[]) AND EXISTS (SELECT FROM pg_attrdef ad WHERE ad.adrelid = a.attrelid AND ad.adnum = a.attnum
    AND pg_get_expr(ad.adbin, ad.adrelid) = 'nextval(''' || pg_get_serial_sequence(a.attrelid::regclass::text, a.attname)::regclass || '''::regclass)')
  THEN CASE a.atttypid WHEN 'int'::regtype THEN 'serial' WHEN 'int8'::regtype THEN 'bigserial' WHEN 'int2'::regtype THEN 'smallserial' END
  ELSE format_type(a.atttypid, a.atttypmod) END AS data_type, INFORMATION_SCHEMA.COLUMNS.table_name, ns.nspname as type_schema, pg_get_serial_sequence('"zoo"."animals"', a.attname)::regclass as seq_name
FROM pg_attribute a JOIN INFORMATION_SCHEMA.COLUMNS ON INFORMATION_SCHEMA.COLUMNS.column_name = a.attname
JOIN pg_type t ON t.oid = a.atttypid LEFT JOIN pg_namespace ns ON ns.oid = t.typnamespace
WHERE a.attrelid = '"zoo"."animals"'::regclass AND INFORMATION_SCHEMA.COLUMNS.table_name = 'animals' AND INFORMATION_SCHEMA.COLUMNS.table_schema = 'zoo' AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum;

SELECT DISTINCT ON (t.relname, ic.relname, k.i) t.relname as table_name, ic.relname AS indexname, k.i AS index_order, i.indisunique as is_unique, am.amname as method, ic.reloptions as with,
  coalesce(a.attname, ((('{' || pg_get_expr(i.indexprs, i.indrelid) || '}')::text[])[k.i])::text) AS column_name, CASE WHEN pg_get_expr(i.indexprs, i.indrelid) IS NOT NULL THEN 1 ELSE 0 END AS is_expression,
  i.indoption[k.i - 1] & 1 = 1 AS descending, i.indoption[k.i - 1] & 2 = 2 AS nulls_first, pg_get_expr(i.indpred, i.indrelid) as where, opc.opcname
FROM pg_class t LEFT JOIN pg_index i ON t.oid = i.indrelid LEFT JOIN pg_class ic ON ic.oid = i.indexrelid
CROSS JOIN LATERAL (SELECT unnest(i.indkey), generate_subscripts(i.indkey, 1) + 1) AS k(attnum, i)
LEFT JOIN pg_attribute AS a ON t.oid = a.attrelid AND k.attnum = a.attnum JOIN pg_namespace c on c.oid = t.relnamespace LEFT JOIN pg_am AS am ON ic.relam = am.oid JOIN pg_opclass opc ON opc.oid = ANY(i.indclass)
WHERE c.nspname = 'zoo' AND t.relname = 'animals';
