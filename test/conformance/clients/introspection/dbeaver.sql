-- DBeaver 24: its connection, its tree, a table's editor, and its managers of sessions and locks.

SET application_name = 'DBeaver 24.2.0 - Main <app>';

SELECT version();

SELECT db.oid, db.* FROM pg_catalog.pg_database db WHERE datallowconn AND NOT datistemplate OR db.datname = 'app' ORDER BY db.datname;

-- varies
SELECT * FROM pg_catalog.pg_settings WHERE name = 'standard_conforming_strings';

select string_agg(word, ',') from pg_catalog.pg_get_keywords() where word <> ALL ('{a,abs,absolute,action}'::text[]);

SELECT n.oid, n.*, d.description FROM pg_catalog.pg_namespace n
LEFT OUTER JOIN pg_catalog.pg_description d ON d.objoid = n.oid AND d.objsubid = 0 AND d.classoid = 'pg_namespace'::regclass ORDER BY nspname;

SELECT n.nspname = ANY(current_schemas(true)), n.nspname, t.typname FROM pg_catalog.pg_type t
JOIN pg_catalog.pg_namespace n ON t.typnamespace = n.oid WHERE t.oid = 1033;

SELECT typinput = 'pg_catalog.array_in'::regproc as is_array, typtype, typname, pg_type.oid FROM pg_catalog.pg_type
LEFT JOIN (select ns.oid as nspoid, ns.nspname, r.r from pg_namespace as ns
  join (select s.r, (current_schemas(false))[s.r] as nspname from generate_series(1, array_upper(current_schemas(false), 1)) as s(r)) as r
  using (nspname)) as sp ON sp.nspoid = typnamespace
WHERE pg_type.oid = 1034 ORDER BY sp.r, pg_type.oid DESC;

SELECT current_schema(), session_user;

SHOW search_path;

SELECT t.oid, t.*, c.relkind, format_type(nullif(t.typbasetype, 0), t.typtypmod) as base_type_name, d.description
FROM pg_catalog.pg_type t LEFT OUTER JOIN pg_catalog.pg_type et ON et.oid = t.typelem LEFT OUTER JOIN pg_catalog.pg_class c ON c.oid = t.typrelid
LEFT OUTER JOIN pg_catalog.pg_description d ON t.oid = d.objoid
WHERE t.typname IS NOT NULL AND (c.relkind IS NULL OR c.relkind = 'c') AND (et.typcategory IS NULL OR et.typcategory <> 'C');

SELECT e.enumlabel FROM pg_catalog.pg_enum e WHERE e.enumtypid = {type zoo.mood} ORDER BY e.enumsortorder;

SELECT a.oid, a.*, pd.description FROM pg_catalog.pg_roles a LEFT JOIN pg_catalog.pg_shdescription pd ON a.oid = pd.objoid ORDER BY a.rolname;

SELECT a.oid, a.* FROM pg_catalog.pg_auth_members a WHERE a.member = {role clients} ORDER BY a.roleid;

SELECT t.oid, t.*, pg_tablespace_location(t.oid) loc FROM pg_catalog.pg_tablespace t ORDER BY t.oid;

-- varies
SELECT pg_catalog.pg_database_size('app');

SELECT c.oid, c.*, d.description, pg_catalog.pg_get_expr(c.relpartbound, c.oid) as partition_expr, pg_catalog.pg_get_partkeydef(c.oid) as partition_key
FROM pg_catalog.pg_class c LEFT OUTER JOIN pg_catalog.pg_description d ON d.objoid = c.oid AND d.objsubid = 0 AND d.classoid = 'pg_class'::regclass
WHERE c.relnamespace = {namespace zoo} AND c.relkind not in ('i', 'I', 'c');

SELECT c.oid, pg_catalog.pg_total_relation_size(c.oid) as total_rel_size, pg_catalog.pg_relation_size(c.oid) as rel_size
FROM pg_class c WHERE c.relnamespace = {namespace zoo};

SELECT c.relname, a.*, pg_catalog.pg_get_expr(ad.adbin, ad.adrelid, true) as def_value, dsc.description, dep.objid
FROM pg_catalog.pg_attribute a INNER JOIN pg_catalog.pg_class c ON (a.attrelid = c.oid)
LEFT OUTER JOIN pg_catalog.pg_attrdef ad ON (a.attrelid = ad.adrelid AND a.attnum = ad.adnum)
LEFT OUTER JOIN pg_catalog.pg_description dsc ON (c.oid = dsc.objoid AND a.attnum = dsc.objsubid)
LEFT OUTER JOIN pg_depend dep on dep.refobjid = a.attrelid AND dep.deptype = 'i' and dep.refobjsubid = a.attnum and dep.classid = dep.refclassid
WHERE NOT a.attisdropped AND c.relkind not in ('i', 'I', 'c') AND c.oid = {class zoo.keepers} ORDER BY a.attnum;

SELECT c.oid, c.*, t.relname as tabrelname, rt.relnamespace as refnamespace, d.description,
  case when c.contype = 'c' then "substring"(pg_get_constraintdef(c.oid), 7) else null end consrc_copy
FROM pg_catalog.pg_constraint c INNER JOIN pg_class t ON t.oid = c.conrelid LEFT OUTER JOIN pg_class rt ON rt.oid = c.confrelid
LEFT OUTER JOIN pg_catalog.pg_description d ON d.objoid = c.oid AND d.objsubid = 0 AND d.classoid = 'pg_constraint'::regclass
WHERE c.conrelid = {class zoo.keepers} ORDER BY c.oid;

SELECT i.*, i.indkey as keys, c.relname, c.relnamespace, c.relam, c.reltablespace, tc.relname as tabrelname, dsc.description,
  pg_catalog.pg_get_expr(i.indpred, i.indrelid) as pred_expr, pg_catalog.pg_get_expr(i.indexprs, i.indrelid, true) as expr,
  pg_catalog.pg_relation_size(i.indexrelid) as index_rel_size, pg_catalog.pg_stat_get_numscans(i.indexrelid) as index_num_scans
FROM pg_catalog.pg_index i INNER JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid INNER JOIN pg_catalog.pg_class tc ON tc.oid = i.indrelid
LEFT OUTER JOIN pg_catalog.pg_description dsc ON i.indexrelid = dsc.objoid WHERE i.indrelid = {class zoo.animals} ORDER BY tabrelname, c.relname;

select pg_catalog.pg_get_indexdef({class zoo.animals_by_species}, 1, true);

SELECT DISTINCT dep.deptype, dep.classid, dep.objid, cl.relkind, attr.attname, pg_get_expr(ad.adbin, ad.adrelid) adefval,
  CASE WHEN cl.relkind IS NOT NULL THEN cl.relkind::text || COALESCE(dep.objsubid::text, '') WHEN tg.oid IS NOT NULL THEN 'T'::text
    WHEN ty.oid IS NOT NULL THEN 'y'::text WHEN ns.oid IS NOT NULL THEN 'n'::text WHEN pr.oid IS NOT NULL THEN 'p'::text
    WHEN la.oid IS NOT NULL THEN 'l'::text WHEN rw.oid IS NOT NULL THEN 'R'::text WHEN co.oid IS NOT NULL THEN 'C'::text || contype::text
    WHEN ad.oid IS NOT NULL THEN 'A'::text ELSE '' END AS type,
  COALESCE(coc.relname, clrw.relname) AS ownertable,
  CASE WHEN cl.relname IS NOT NULL AND att.attname IS NOT NULL THEN cl.relname || '.' || att.attname
    ELSE COALESCE(cl.relname, co.conname, pr.proname, tg.tgname, ty.typname, la.lanname, rw.rulename, ns.nspname) END AS refname,
  COALESCE(nsc.nspname, nso.nspname, nsp.nspname, nst.nspname, nsrw.nspname) AS nspname
FROM pg_depend dep
LEFT JOIN pg_class cl ON dep.objid = cl.oid LEFT JOIN pg_attribute att ON dep.objid = att.attrelid AND dep.objsubid = att.attnum
LEFT JOIN pg_namespace nsc ON cl.relnamespace = nsc.oid LEFT JOIN pg_proc pr ON dep.objid = pr.oid LEFT JOIN pg_namespace nsp ON pr.pronamespace = nsp.oid
LEFT JOIN pg_trigger tg ON dep.objid = tg.oid LEFT JOIN pg_type ty ON dep.objid = ty.oid LEFT JOIN pg_namespace nst ON ty.typnamespace = nst.oid
LEFT JOIN pg_constraint co ON dep.objid = co.oid LEFT JOIN pg_class coc ON co.conrelid = coc.oid LEFT JOIN pg_namespace nso ON co.connamespace = nso.oid
LEFT JOIN pg_rewrite rw ON dep.objid = rw.oid LEFT JOIN pg_class clrw ON clrw.oid = rw.ev_class LEFT JOIN pg_namespace nsrw ON clrw.relnamespace = nsrw.oid
LEFT JOIN pg_language la ON dep.objid = la.oid LEFT JOIN pg_namespace ns ON dep.objid = ns.oid LEFT JOIN pg_attrdef ad ON ad.oid = dep.objid
LEFT JOIN pg_attribute attr ON attr.attrelid = ad.adrelid and attr.attnum = ad.adnum
WHERE dep.refobjid = {class zoo.keepers} ORDER BY type;

SELECT x.oid, x.*, p.pronamespace as func_schema_id, d.description FROM pg_catalog.pg_trigger x
LEFT OUTER JOIN pg_catalog.pg_proc p ON p.oid = x.tgfoid
LEFT OUTER JOIN pg_catalog.pg_description d ON d.objoid = x.oid AND d.objsubid = 0 WHERE x.tgrelid = {class zoo.animals} AND NOT x.tgisinternal;

SELECT pg_catalog.pg_get_triggerdef(t.oid, true) as definition FROM pg_catalog.pg_trigger t WHERE t.tgrelid = {class zoo.animals} AND NOT t.tgisinternal;

SELECT DISTINCT r.oid, r.*, pg_get_ruledef(r.oid) AS definition FROM pg_rewrite r WHERE r.ev_class = {class zoo.scribbles} AND r.rulename <> '_RETURN'::name;

SELECT policyname, permissive, roles, cmd, qual, with_check FROM pg_catalog.pg_policies WHERE schemaname = 'zoo' AND tablename = 'keepers';

SELECT c.relname, fs.*, ft.ftoptions FROM pg_catalog.pg_foreign_table ft, pg_catalog.pg_foreign_server fs, pg_catalog.pg_class c
WHERE ft.ftrelid = c.oid AND c.oid = {class zoo.far_away} AND fs.oid = ft.ftserver;

SELECT fs.oid, fs.*, fdw.fdwname FROM pg_catalog.pg_foreign_server fs JOIN pg_catalog.pg_foreign_data_wrapper fdw ON fdw.oid = fs.srvfdw ORDER BY fs.srvname;

SELECT um.umid as oid, um.* FROM pg_catalog.pg_user_mappings um ORDER BY um.usename;

SELECT p.oid as poid, p.*, pg_catalog.pg_get_expr(p.proargdefaults, 0) as arg_defaults, d.description
FROM pg_catalog.pg_proc p LEFT OUTER JOIN pg_catalog.pg_description d ON d.objoid = p.oid AND d.objsubid = 0
WHERE p.pronamespace = {namespace zoo} ORDER BY p.proname;

SELECT pg_get_functiondef({proc zoo.on_animal});

SELECT pg_get_viewdef({class zoo.happy_keepers}, true);

SELECT x.oid, x.* FROM pg_catalog.pg_event_trigger x ORDER BY x.evtname;

SELECT e.oid, cfg.tbls, n.nspname as schema_name, e.*
FROM pg_catalog.pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace
LEFT JOIN (select ARRAY_AGG(ns.nspname || '.' || cls.relname) tbls, oid_ext from (select unnest(e1.extconfig) oid, e1.oid oid_ext from pg_catalog.pg_extension e1) c
  join pg_class cls on cls.oid = c.oid join pg_namespace ns on ns.oid = cls.relnamespace group by oid_ext) cfg on cfg.oid_ext = e.oid ORDER BY e.oid;

SELECT name, default_version, installed_version, comment FROM pg_catalog.pg_available_extensions ORDER BY name;

SELECT defaclrole::regrole, defaclobjtype, defaclacl FROM pg_catalog.pg_default_acl WHERE defaclnamespace = {namespace zoo};

SELECT * FROM information_schema.table_privileges WHERE table_schema = 'zoo' AND table_name = 'keepers';

SELECT * FROM information_schema.column_privileges WHERE table_schema = 'zoo' AND table_name = 'keepers';

SELECT c.relname, a.attacl FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_class c ON c.oid = a.attrelid WHERE c.oid = {class zoo.keepers} AND a.attacl IS NOT NULL;

-- varies
SELECT last_value, min_value as min_value, max_value as max_value, increment_by as increment_by, is_cycled as is_cycled
FROM (SELECT seqmin min_value, seqmax max_value, seqincrement increment_by, seqcycle is_cycled FROM pg_catalog.pg_sequence WHERE seqrelid = {class zoo.numbers}) s, zoo.numbers;

-- varies
SELECT sa.* FROM pg_catalog.pg_stat_activity sa;

-- varies
SELECT blocked_locks.pid AS blocked_pid, blocked_activity.usename AS blocked_user, blocking_locks.pid AS blocking_pid, blocked_activity.query AS blocked_statement
FROM pg_catalog.pg_locks blocked_locks JOIN pg_catalog.pg_stat_activity blocked_activity ON blocked_activity.pid = blocked_locks.pid
JOIN pg_catalog.pg_locks blocking_locks ON blocking_locks.locktype = blocked_locks.locktype AND blocking_locks.pid != blocked_locks.pid
WHERE NOT blocked_locks.granted;

-- varies
SELECT * FROM pg_catalog.pg_stat_database WHERE datname = 'app';

SELECT x.* FROM zoo.keepers x ORDER BY x.id LIMIT 200;

SELECT count(*) FROM (SELECT x.* FROM zoo.keepers x) dbvrcnt;

EXPLAIN (FORMAT XML, COSTS FALSE) SELECT * FROM zoo.animals WHERE id = 5;

SET search_path = zoo, "$user", public;

SELECT current_schema(), session_user;

RESET search_path;
