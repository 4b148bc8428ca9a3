-- pgAdmin 4 9.18 against PostgreSQL 18: its connection, its tree, properties, SQL and statistics of objects, and its dashboard.
-- Chosen so that every function, relation and construct is in it that the whole of its statements has.

SET DateStyle=ISO; SET client_min_messages=notice; SELECT set_config('bytea_output','hex',false)
  FROM pg_show_all_settings() WHERE name = 'bytea_output'; SET client_encoding='utf-8';

SELECT version();

SELECT db.oid as did, db.datname, db.datallowconn, pg_encoding_to_char(db.encoding) AS serverencoding, has_database_privilege(db.oid,
  'CREATE') as cancreate, datistemplate FROM pg_catalog.pg_database db
  WHERE db.datname = current_database();

-- varies
SELECT gss_authenticated, encrypted FROM pg_catalog.pg_stat_gssapi
  WHERE pid = pg_backend_pid();

SELECT CASE WHEN usesuper THEN pg_catalog.pg_is_in_recovery() ELSE FALSE END as inrecovery, CASE WHEN usesuper AND
  pg_catalog.pg_is_in_recovery() THEN pg_is_wal_replay_paused() ELSE FALSE END as isreplaypaused
  FROM pg_catalog.pg_user WHERE usename=current_user;

SELECT db.oid AS did, db.oid, db.datname AS name, db.dattablespace AS spcoid, spcname, datallowconn,
  pg_catalog.pg_encoding_to_char(encoding) AS encoding, pg_catalog.pg_get_userbyid(datdba) AS datowner, db.datcollate, db.datctype,
  datconnlimit, datlocale AS daticulocale, datlocale AS datbuiltinlocale, daticurules, datcollversion, CASE WHEN datlocprovider = 'i' THEN
  'icu' WHEN datlocprovider = 'b' THEN 'builtin' ELSE 'libc' END datlocaleprovider, pg_catalog.has_database_privilege(db.oid, 'CREATE') AS
  cancreate, pg_catalog.current_setting('default_tablespace') AS default_tablespace, descr.description AS comments, db.datistemplate AS
  is_template, '' AS tblacl, '' AS seqacl, '' AS funcacl, pg_catalog.array_to_string(datacl::text[], ', ') AS acl
  FROM pg_catalog.pg_database db LEFT OUTER
  JOIN pg_catalog.pg_tablespace ta ON db.dattablespace=ta.OID
  LEFT OUTER JOIN pg_catalog.pg_shdescription descr ON ( db.oid=descr.objoid AND descr.classoid='pg_database'::regclass )
  WHERE db.oid = {pg_database.datname app}::OID
  ORDER BY datname;

(SELECT CASE (a.deftype) WHEN 'r' THEN 'deftblacl' WHEN 'S' THEN 'defseqacl' WHEN 'f' THEN 'deffuncacl' WHEN 'T' THEN 'deftypeacl' END AS
  deftype, 'defaultacls' as acltype, COALESCE(gt.rolname, 'PUBLIC') AS grantee, g.rolname AS grantor,
  pg_catalog.array_agg(a.privilege_type) as privileges, pg_catalog.array_agg(a.is_grantable) as grantable
  FROM (SELECT (acl).grantee as grantee, (acl).grantor AS grantor, (acl).is_grantable AS is_grantable, CASE (acl).privilege_type WHEN
  'CONNECT' THEN 'c' WHEN 'CREATE' THEN 'C' WHEN 'DELETE' THEN 'd' WHEN 'EXECUTE' THEN 'X' WHEN 'INSERT' THEN 'a' WHEN 'MAINTAIN' THEN 'm'
  WHEN 'REFERENCES' THEN 'x' WHEN 'SELECT' THEN 'r' WHEN 'TEMPORARY' THEN 'T' WHEN 'TRIGGER' THEN 't' WHEN 'TRUNCATE' THEN 'D' WHEN
  'UPDATE' THEN 'w' WHEN 'USAGE' THEN 'U' ELSE 'UNKNOWN' END AS privilege_type, defaclobjtype as deftype
  FROM (SELECT defaclobjtype, pg_catalog.aclexplode(defaclacl) as acl
  FROM pg_catalog.pg_default_acl dacl WHERE dacl.defaclnamespace = 0::OID) d) a
  LEFT JOIN pg_catalog.pg_roles g ON (a.grantor = g.oid)
  LEFT JOIN pg_catalog.pg_roles gt ON (a.grantee = gt.oid)
  GROUP BY g.rolname, gt.rolname, a.deftype
  ORDER BY a.deftype );

SELECT * from ( (SELECT CASE (e.deftype) WHEN 'r' THEN 'deftblacl' WHEN 'S' THEN 'defseqacl' WHEN 'f' THEN 'deffuncacl' WHEN 'T' THEN
  'deftypeacl' END AS deftype, 'revoke' as acltype, COALESCE(gt.rolname, 'PUBLIC') AS grantee, g.rolname AS grantor,
  pg_catalog.array_agg(e.privilege_type) as privileges, pg_catalog.array_agg(e.is_grantable) as grantable FROM( SELECT (d.acl).grantee as
  grantee, (d.acl).grantor AS grantor, (d.acl).is_grantable AS is_grantable, CASE (d.acl).privilege_type WHEN 'CONNECT' THEN 'c' WHEN
  'CREATE' THEN 'C' WHEN 'DELETE' THEN 'd' WHEN 'EXECUTE' THEN 'X' WHEN 'INSERT' THEN 'a' WHEN 'MAINTAIN' THEN 'm' WHEN 'REFERENCES' THEN
  'x' WHEN 'SELECT' THEN 'r' WHEN 'TEMPORARY' THEN 'T' WHEN 'TRIGGER' THEN 't' WHEN 'TRUNCATE' THEN 'D' WHEN 'UPDATE' THEN 'w' WHEN 'USAGE'
  THEN 'U' ELSE 'UNKNOWN' END AS privilege_type, d.defaclobjtype as deftype
  FROM (select b.defaclobjtype, pg_catalog.aclexplode(b.revoke_priv) as acl
  from (select a.defaclobjtype, a.defaclrole, a.defaultprivileges, a.acldefault, array(select unnest(a.acldefault) except select
  unnest(a.defaultprivileges)) as revoke_priv
  from (SELECT defaclobjtype, defaclrole, defaclacl as defaultprivileges, CASE WHEN defaclnamespace = 0 THEN acldefault(CASE WHEN
  defaclobjtype = 'S' THEN 's'::"char" ELSE defaclobjtype END, defaclrole) ELSE '{}' END AS acldefault
  FROM pg_catalog.pg_default_acl dacl WHERE dacl.defaclnamespace = 0::OID ) a ) b
  where not b.revoke_priv = '{}' ) d ) e LEFT
  JOIN pg_catalog.pg_roles g ON (e.grantor = g.oid)
  LEFT JOIN pg_catalog.pg_roles gt ON (e.grantee = gt.oid)
  GROUP BY g.rolname, gt.rolname, e.deftype
  ORDER BY e.deftype) UNION ( SELECT CASE (e.deftype) WHEN 'r' THEN 'deftblacl' WHEN 'S' THEN 'defseqacl' WHEN 'f' THEN 'deffuncacl' WHEN
  'T' THEN 'deftypeacl' END AS deftype, 'grant' as acltype, COALESCE(gt.rolname, 'PUBLIC') AS grantee, g.rolname AS grantor,
  pg_catalog.array_agg(e.privilege_type) as privileges, pg_catalog.array_agg(e.is_grantable) as grantable FROM( SELECT (d.acl).grantee as
  grantee, (d.acl).grantor AS grantor, (d.acl).is_grantable AS is_grantable, CASE (d.acl).privilege_type WHEN 'CONNECT' THEN 'c' WHEN
  'CREATE' THEN 'C' WHEN 'DELETE' THEN 'd' WHEN 'EXECUTE' THEN 'X' WHEN 'INSERT' THEN 'a' WHEN 'MAINTAIN' THEN 'm' WHEN 'REFERENCES' THEN
  'x' WHEN 'SELECT' THEN 'r' WHEN 'TEMPORARY' THEN 'T' WHEN 'TRIGGER' THEN 't' WHEN 'TRUNCATE' THEN 'D' WHEN 'UPDATE' THEN 'w' WHEN 'USAGE'
  THEN 'U' ELSE 'UNKNOWN' END AS privilege_type, d.defaclobjtype as deftype FROM( select *, pg_catalog.aclexplode(b.grant_priv) as acl
  from (select a.defaclobjtype, a.defaclrole, a.defaultprivileges, a.acldefault, array(select unnest(a.defaultprivileges) except select
  unnest(a.acldefault)) as grant_priv from (SELECT defaclobjtype, defaclrole, defaclacl as defaultprivileges, CASE WHEN defaclnamespace = 0
  THEN acldefault(CASE WHEN defaclobjtype = 'S' THEN 's'::"char" ELSE defaclobjtype END, defaclrole) ELSE '{}' END AS acldefault
  FROM pg_catalog.pg_default_acl dacl WHERE dacl.defaclnamespace = 0::OID ) a ) b
  where not b.grant_priv = '{}' ) d ) e LEFT
  JOIN pg_catalog.pg_roles g ON (e.grantor = g.oid)
  LEFT JOIN pg_catalog.pg_roles gt ON (e.grantee = gt.oid)
  GROUP BY g.rolname, gt.rolname, e.deftype
  ORDER BY e.deftype)) f order by f.acltype DESC;

-- varies
SELECT pg_catalog.pg_database_size(db.datid) AS "Size", numbackends AS "Backends", xact_commit AS "Xact committed", xact_rollback AS "Xact
  rolled back", blks_read AS "Blocks read", blks_hit AS "Blocks hit", tup_returned AS "Tuples returned", tup_fetched AS "Tuples fetched",
  tup_inserted AS "Tuples inserted", tup_updated AS "Tuples updated", tup_deleted AS "Tuples deleted"
  FROM pg_catalog.pg_stat_database db WHERE db.datid = {pg_database.datname app}::OID
  ORDER BY db.datname;

SELECT rolname AS refname, refclassid, deptype
  FROM pg_catalog.pg_shdepend dep LEFT JOIN pg_catalog.pg_roles r ON refclassid=1260 AND refobjid=r.oid
  WHERE dep.objid={pg_database.datname app}::oid AND dep.dbid = (SELECT oid
  FROM pg_catalog.pg_database WHERE datname = 'app')
  ORDER BY 1;

SELECT has_table_privilege( 'pgagent.pga_job', 'INSERT, SELECT, UPDATE' ) has_priviledge
  WHERE EXISTS( SELECT has_schema_privilege('pgagent', 'USAGE')
  WHERE EXISTS( SELECT cl.oid FROM pg_catalog.pg_class cl
  LEFT JOIN pg_catalog.pg_namespace ns ON ns.oid=relnamespace
  WHERE relname='pga_job' AND nspname='pgagent' ) );

SELECT EXISTS( SELECT 1 FROM information_schema.columns
  WHERE table_schema='pgagent' AND table_name='pga_jobstep' AND column_name='jstconnstr' ) has_connstr;

-- varies
SELECT st.*, 'Standby ['||COALESCE(host(client_addr), client_hostname, 'Socket')||']' as name, sl.slot_name, sl.slot_type, sl.active
  FROM pg_catalog.pg_stat_replication st JOIN pg_catalog.pg_replication_slots sl ON st.pid = sl.active_pid
  ORDER BY st.pid;

SELECT r.oid, r.rolname, r.rolcanlogin, r.rolsuper, d.description
  FROM pg_catalog.pg_roles r LEFT JOIN pg_catalog.pg_shdescription d ON d.objoid = r.oid AND d.classoid = 'pg_catalog.pg_authid'::regclass
  ORDER BY r.rolcanlogin, r.rolname;

SELECT pg_catalog.split_part(rolconfig, '=', 1) AS name, pg_catalog.replace(rolconfig, pg_catalog.split_part(rolconfig, '=', 1) || '=', '')
  AS value, NULL::text AS database FROM (SELECT pg_catalog.unnest(rolconfig) AS rolconfig, rolcanlogin, rolname
  FROM pg_catalog.pg_roles WHERE oid=4544::OID ) r
  UNION ALL SELECT pg_catalog.split_part(rolconfig, '=', 1) AS name, pg_catalog.replace(rolconfig, pg_catalog.split_part(rolconfig, '=', 1)
  || '=', '') AS value, datname AS database
  FROM (SELECT d.datname, pg_catalog.unnest(c.setconfig) AS rolconfig
  FROM (SELECT * FROM pg_catalog.pg_db_role_setting dr
  WHERE dr.setrole=4544::OID AND dr.setdatabase!=0 ) c
  LEFT JOIN pg_catalog.pg_database d ON (d.oid = c.setdatabase) ) a;

SELECT cl.relkind::text, COALESCE(cin.nspname, cln.nspname) as nspname, COALESCE(ci.relname, cl.relname) as relname, cl.relname as indname
  FROM pg_catalog.pg_class cl JOIN pg_catalog.pg_namespace cln ON cl.relnamespace=cln.oid
  LEFT OUTER JOIN pg_catalog.pg_index ind ON ind.indexrelid=cl.oid
  LEFT OUTER JOIN pg_catalog.pg_class ci ON ind.indrelid=ci.oid
  LEFT OUTER JOIN pg_catalog.pg_namespace cin ON ci.relnamespace=cin.oid
  WHERE cl.oid IN (SELECT objid FROM pg_catalog.pg_shdepend
  WHERE refobjid=4544::oid) AND cl.oid > 16383::oid
  UNION ALL SELECT 'n', null, nspname, null
  FROM pg_catalog.pg_namespace nsp WHERE nsp.oid IN (SELECT objid
  FROM pg_catalog.pg_shdepend WHERE refobjid=4544::oid) AND nsp.oid > 16383::oid
  UNION ALL SELECT CASE WHEN typtype='d' THEN 'd' ELSE 'y' END, null, typname, null
  FROM pg_catalog.pg_type ty WHERE ty.oid IN (SELECT objid
  FROM pg_catalog.pg_shdepend WHERE refobjid=4544::oid) AND ty.oid > 16383::oid
  UNION ALL SELECT 'C', null, conname, null
  FROM pg_catalog.pg_conversion co WHERE co.oid IN (SELECT objid
  FROM pg_catalog.pg_shdepend WHERE refobjid=4544::oid) AND co.oid > 16383::oid
  UNION ALL SELECT CASE WHEN prorettype=2279 THEN 'T' ELSE 'p' END, null, proname, null
  FROM pg_catalog.pg_proc pr WHERE pr.oid IN (SELECT objid
  FROM pg_catalog.pg_shdepend WHERE refobjid=4544::oid) AND pr.oid > 16383::oid
  UNION ALL SELECT 'o', null, oprname || '('::text || COALESCE(tl.typname, ''::text) || CASE WHEN tl.oid IS NOT NULL AND tr.oid IS NOT NULL
  THEN ','::text END || COALESCE(tr.typname, ''::text) || ')'::text, null
  FROM pg_catalog.pg_operator op LEFT JOIN pg_catalog.pg_type tl ON tl.oid=op.oprleft
  LEFT JOIN pg_catalog.pg_type tr ON tr.oid=op.oprright
  WHERE op.oid IN (SELECT objid FROM pg_catalog.pg_shdepend
  WHERE refobjid=4544::oid) AND op.oid > 16383::oid
  ORDER BY 1,2,3;

SELECT ts.oid, spcname AS name, spcoptions, pg_catalog.pg_get_userbyid(spcowner) as spcuser, pg_catalog.pg_tablespace_location(ts.oid) AS
  spclocation, pg_catalog.array_to_string(spcacl::text[], ', ') as acl, pg_catalog.shobj_description(oid, 'pg_tablespace') AS description,
  (SELECT pg_catalog.array_agg(provider || '=' || label)
  FROM pg_catalog.pg_shseclabel sl1 WHERE sl1.objoid=ts.oid) AS seclabels
  FROM pg_catalog.pg_tablespace ts ORDER BY name;

-- varies
SELECT pg_catalog.pg_tablespace_size(1663::OID) AS "Size";

SELECT nsp.nspname as schema_name, (nsp.nspname = 'pg_catalog' AND EXISTS (SELECT 1
  FROM pg_catalog.pg_class WHERE relname = 'pg_class' AND relnamespace = nsp.oid LIMIT 1)) OR (nsp.nspname = 'pgagent' AND EXISTS (SELECT 1
  FROM pg_catalog.pg_class WHERE relname = 'pga_job' AND relnamespace = nsp.oid LIMIT 1)) OR (nsp.nspname = 'information_schema' AND EXISTS
  (SELECT 1 FROM pg_catalog.pg_class WHERE relname = 'tables' AND relnamespace = nsp.oid LIMIT 1)) AS is_catalog, CASE WHEN nsp.nspname =
  ANY('{information_schema}') THEN false ELSE true END AS db_support
  FROM pg_catalog.pg_namespace nsp WHERE nsp.oid = 13144::OID;

SELECT att.*, def.*, pg_catalog.pg_get_expr(def.adbin, def.adrelid) AS defval, CASE WHEN att.attndims > 0 THEN 1 ELSE 0 END AS isarray,
  pg_catalog.format_type(ty.oid,NULL) AS typname, pg_catalog.format_type(ty.oid,att.atttypmod) AS displaytypname, tn.nspname as typnspname,
  et.typname as elemtypname, ty.typstorage AS defaultstorage, cl.relname, na.nspname, att.attstattarget, description, cs.relname AS
  sername, ns.nspname AS serschema, (SELECT count(1)
  FROM pg_catalog.pg_type t2 WHERE t2.typname=ty.typname) > 1 AS isdup, indkey, coll.collname, nspc.nspname as collnspname , attoptions,
  CASE WHEN length(coll.collname::text) > 0 AND length(nspc.nspname::text) > 0 THEN
  pg_catalog.concat(pg_catalog.quote_ident(nspc.nspname),'.',pg_catalog.quote_ident(coll.collname)) ELSE '' END AS collspcname, CASE WHEN
  strpos(pg_catalog.format_type(ty.oid,att.atttypmod), '.') > 0 THEN pg_catalog.split_part(format_type(ty.oid,att.atttypmod), '.', 2) ELSE
  pg_catalog.format_type(ty.oid,att.atttypmod) END AS cltype, EXISTS(SELECT 1
  FROM pg_catalog.pg_constraint WHERE conrelid=att.attrelid AND contype='f' AND att.attnum=ANY(conkey)) As isfk, (SELECT
  pg_catalog.array_agg(label) FROM pg_catalog.pg_seclabels sl1
  WHERE sl1.objoid=att.attrelid AND sl1.objsubid=att.attnum) AS labels, (SELECT pg_catalog.array_agg(provider)
  FROM pg_catalog.pg_seclabels sl2 WHERE sl2.objoid=att.attrelid AND sl2.objsubid=att.attnum) AS providers
  FROM pg_catalog.pg_attribute att JOIN pg_catalog.pg_type ty ON ty.oid=atttypid
  JOIN pg_catalog.pg_namespace tn ON tn.oid=ty.typnamespace
  JOIN pg_catalog.pg_class cl ON cl.oid=att.attrelid
  JOIN pg_catalog.pg_namespace na ON na.oid=cl.relnamespace
  LEFT OUTER JOIN pg_catalog.pg_type et ON et.oid=ty.typelem
  LEFT OUTER JOIN pg_catalog.pg_attrdef def ON adrelid=att.attrelid AND adnum=att.attnum
  LEFT OUTER JOIN pg_catalog.pg_description des ON (des.objoid=att.attrelid AND des.objsubid=att.attnum AND
  des.classoid='pg_class'::regclass) LEFT OUTER
  JOIN (pg_catalog.pg_depend JOIN pg_catalog.pg_class cs ON objid=cs.oid AND classid='pg_class'::regclass AND cs.relkind='S') ON
  refobjid=att.attrelid AND refobjsubid=att.attnum
  LEFT OUTER JOIN pg_catalog.pg_namespace ns ON ns.oid=cs.relnamespace
  LEFT OUTER JOIN pg_catalog.pg_index pi ON pi.indrelid=att.attrelid AND indisprimary
  LEFT OUTER JOIN pg_catalog.pg_collation coll ON att.attcollation=coll.oid
  LEFT OUTER JOIN pg_catalog.pg_namespace nspc ON coll.collnamespace=nspc.oid
  WHERE att.attrelid = 13443::oid AND att.attnum > 0 AND att.attisdropped IS FALSE
  ORDER BY att.attnum;

SELECT c.oid, conname AS name, typname AS relname, nspname, description, pg_catalog.regexp_replace(pg_catalog.pg_get_constraintdef(c.oid,
  true), E'CHECK \\((.*)\\).*', E'\\1') AS consrc, connoinherit, convalidated, convalidated AS convalidated_p
  FROM pg_catalog.pg_constraint c JOIN pg_catalog.pg_type t ON t.oid=contypid
  JOIN pg_catalog.pg_namespace nl ON nl.oid=typnamespace
  LEFT OUTER JOIN pg_catalog.pg_description des ON (des.objoid=c.oid AND des.classoid='pg_constraint'::regclass)
  WHERE c.oid = 13159;

SELECT prsname, nspname, n.oid as schemaoid
  FROM pg_catalog.pg_ts_parser JOIN pg_catalog.pg_namespace n ON n.oid=prsnamespace
  ORDER BY prsname;

SELECT tmplname, nspname, n.oid as schemaoid
  FROM pg_catalog.pg_ts_template JOIN pg_catalog.pg_namespace n ON n.oid=tmplnamespace
  ORDER BY tmplname;

SELECT pg_catalog.pg_get_functiondef(13149::oid) AS func_def, COALESCE(pg_catalog.pg_get_function_identity_arguments(pr.oid), '') as
  func_with_identity_arguments, nspname, pr.proname as proname, COALESCE(pg_catalog.pg_get_function_arguments(pr.oid), '') as func_args
  FROM pg_catalog.pg_proc pr JOIN pg_catalog.pg_namespace nsp ON nsp.oid=pr.pronamespace
  WHERE pr.prokind IN ('f', 'w') AND pronamespace = 13144::oid AND pr.oid = 13149::oid;

-- varies
SELECT calls AS "Number of calls", total_time AS "Total time", self_time AS "Self time"
  FROM pg_catalog.pg_stat_user_functions WHERE funcid = 13149::OID;

SELECT amname FROM pg_catalog.pg_am WHERE EXISTS (SELECT 1
  FROM pg_catalog.pg_proc WHERE oid=amhandler)
  ORDER BY amname;

SELECT 1 FROM pg_catalog.pg_extension WHERE extname = 'system_stats';

SELECT COUNT(*)::text FROM information_schema.sql_features;

SELECT CASE WHEN (SELECT(count(extname) > 0) AS is_pgstattuple
  FROM pg_catalog.pg_extension WHERE extname = 'pgstattuple') THEN (SELECT pg_catalog.has_table_privilege(current_user, 13327, 'SELECT'))
  ELSE FALSE END;

SELECT null_frac AS "Null fraction", avg_width AS "Average width", n_distinct AS "Distinct values", most_common_vals AS "Most common
  values", most_common_freqs AS "Most common frequencies", histogram_bounds AS "Histogram bounds", correlation AS "Correlation",
  most_common_elems AS "Most common elements", most_common_elem_freqs AS "Most common elements frequencies", elem_count_histogram AS
  "Histogram element count", range_length_histogram AS "Histogram range values", range_empty_frac AS "Empty fraction range",
  range_bounds_histogram AS "Histogram bounds range"
  FROM pg_catalog.pg_stats WHERE schemaname = 'zoo' AND tablename = 'keepers' AND attname = 'mail';

SELECT rel.oid, rel.relname AS name, (SELECT count(*)
  FROM pg_catalog.pg_trigger WHERE tgrelid=rel.oid AND tgisinternal = FALSE) AS triggercount, (SELECT count(*)
  FROM pg_catalog.pg_trigger WHERE tgrelid=rel.oid AND tgisinternal = FALSE AND tgenabled = 'O') AS has_enable_triggers,
  pg_catalog.pg_get_expr(rel.relpartbound, rel.oid) AS partition_value, rel.relnamespace AS schema_id, nsp.nspname AS schema_name, (CASE
  WHEN rel.relkind = 'p' THEN true ELSE false END) AS is_partitioned, (CASE WHEN rel.relkind = 'p' THEN true ELSE false END) AS
  is_sub_partitioned, (CASE WHEN rel.relkind = 'p' THEN pg_catalog.pg_get_partkeydef(rel.oid::oid) ELSE '' END) AS partition_scheme, (CASE
  WHEN rel.relkind = 'p' THEN pg_catalog.pg_get_partkeydef(rel.oid::oid) ELSE '' END) AS sub_partition_scheme, (CASE WHEN
  rel.relpersistence = 'u' THEN true ELSE false END) AS relpersistence, (CASE WHEN length(spc.spcname::text) > 0 THEN spc.spcname ELSE
  (SELECT sp.spcname FROM pg_catalog.pg_database dtb
  JOIN pg_catalog.pg_tablespace sp ON dtb.dattablespace=sp.oid
  WHERE dtb.oid = {pg_database.datname app}::oid) END) as spcname, substring(pg_catalog.array_to_string(rel.reloptions, ',')
  FROM 'fillfactor=([0-9]*)') AS fillfactor, (substring(pg_catalog.array_to_string(rel.reloptions, ',')
  FROM 'autovacuum_enabled=([a-z|0-9]*)'))::BOOL AS autovacuum_enabled, substring(pg_catalog.array_to_string(rel.reloptions, ',')
  FROM 'autovacuum_vacuum_threshold=([0-9]*)') AS autovacuum_vacuum_threshold, substring(pg_catalog.array_to_string(rel.reloptions, ',')
  FROM 'autovacuum_vacuum_scale_factor=([0-9]*[.]?[0-9]*)') AS autovacuum_vacuum_scale_factor,
  substring(pg_catalog.array_to_string(rel.reloptions, ',')
  FROM 'autovacuum_analyze_threshold=([0-9]*)') AS autovacuum_analyze_threshold, substring(pg_catalog.array_to_string(rel.reloptions, ',')
  FROM 'autovacuum_analyze_scale_factor=([0-9]*[.]?[0-9]*)') AS autovacuum_analyze_scale_factor,
  substring(pg_catalog.array_to_string(rel.reloptions, ',')
  FROM 'autovacuum_vacuum_cost_delay=([0-9]*)') AS autovacuum_vacuum_cost_delay, substring(pg_catalog.array_to_string(rel.reloptions, ',')
  FROM 'autovacuum_vacuum_cost_limit=([0-9]*)') AS autovacuum_vacuum_cost_limit, substring(pg_catalog.array_to_string(rel.reloptions, ',')
  FROM 'autovacuum_freeze_min_age=([0-9]*)') AS autovacuum_freeze_min_age, substring(pg_catalog.array_to_string(rel.reloptions, ',')
  FROM 'autovacuum_freeze_max_age=([0-9]*)') AS autovacuum_freeze_max_age, substring(pg_catalog.array_to_string(rel.reloptions, ',')
  FROM 'autovacuum_freeze_table_age=([0-9]*)') AS autovacuum_freeze_table_age, (substring(pg_catalog.array_to_string(tst.reloptions, ',')
  FROM 'autovacuum_enabled=([a-z|0-9]*)'))::BOOL AS toast_autovacuum_enabled, substring(pg_catalog.array_to_string(tst.reloptions, ',')
  FROM 'autovacuum_vacuum_threshold=([0-9]*)') AS toast_autovacuum_vacuum_threshold, substring(pg_catalog.array_to_string(tst.reloptions,
  ',') FROM 'autovacuum_vacuum_scale_factor=([0-9]*[.]?[0-9]*)') AS toast_autovacuum_vacuum_scale_factor,
  substring(pg_catalog.array_to_string(tst.reloptions, ',')
  FROM 'autovacuum_analyze_threshold=([0-9]*)') AS toast_autovacuum_analyze_threshold, substring(pg_catalog.array_to_string(tst.reloptions,
  ',') FROM 'autovacuum_analyze_scale_factor=([0-9]*[.]?[0-9]*)') AS toast_autovacuum_analyze_scale_factor,
  substring(pg_catalog.array_to_string(tst.reloptions, ',')
  FROM 'autovacuum_vacuum_cost_delay=([0-9]*)') AS toast_autovacuum_vacuum_cost_delay, substring(pg_catalog.array_to_string(tst.reloptions,
  ',') FROM 'autovacuum_vacuum_cost_limit=([0-9]*)') AS toast_autovacuum_vacuum_cost_limit,
  substring(pg_catalog.array_to_string(tst.reloptions, ',')
  FROM 'autovacuum_freeze_min_age=([0-9]*)') AS toast_autovacuum_freeze_min_age, substring(pg_catalog.array_to_string(tst.reloptions, ',')
  FROM 'autovacuum_freeze_max_age=([0-9]*)') AS toast_autovacuum_freeze_max_age, substring(pg_catalog.array_to_string(tst.reloptions, ',')
  FROM 'autovacuum_freeze_table_age=([0-9]*)') AS toast_autovacuum_freeze_table_age, rel.reloptions AS reloptions, tst.reloptions AS
  toast_reloptions, rel.reloftype, typ.typname, typ.typrelid AS typoid, des.description, pg_catalog.pg_get_userbyid(rel.relowner) AS
  relowner, inh.inhdetachpending, am.amname
  FROM (SELECT * FROM pg_catalog.pg_inherits
  WHERE inhparent = 13327::oid) inh LEFT JOIN pg_catalog.pg_class rel ON inh.inhrelid = rel.oid
  LEFT JOIN pg_catalog.pg_namespace nsp ON rel.relnamespace = nsp.oid
  LEFT OUTER JOIN pg_catalog.pg_class tst ON tst.oid = rel.reltoastrelid
  LEFT OUTER JOIN pg_catalog.pg_description des ON (des.objoid=rel.oid AND des.objsubid=0 AND des.classoid='pg_class'::regclass)
  LEFT OUTER JOIN pg_catalog.pg_tablespace spc on spc.oid=rel.reltablespace
  LEFT OUTER JOIN pg_catalog.pg_am am ON am.oid = rel.relam
  LEFT JOIN pg_catalog.pg_type typ ON rel.reloftype=typ.oid
  WHERE rel.relispartition ORDER BY rel.relname;

SELECT pl.oid AS oid, pl.polname AS name, rw.permissive as type, rw.cmd AS event, rw.qual AS using, rw.qual AS using_orig, rw.with_check AS
  withcheck, rw.with_check AS withcheck_orig, rw.roles AS policyowner, des.description
  FROM pg_catalog.pg_policy pl JOIN pg_catalog.pg_policies rw ON pl.polname=rw.policyname
  JOIN pg_catalog.pg_namespace n ON n.nspname=rw.schemaname
  JOIN pg_catalog.pg_class rel on rel.relname=rw.tablename
  LEFT JOIN pg_catalog.pg_description des ON des.objoid = pl.oid AND des.classoid = 'pg_policy'::regclass
  WHERE pl.polrelid = 13327;

SELECT t.oid,t.tgname AS name, t.xmin, t.tgenabled AS is_enable_trigger, t.*, relname, CASE WHEN relkind = 'r' THEN TRUE ELSE FALSE END AS
  parentistable, nspname, des.description, l.lanname, p.proname AS tfunction,
  COALESCE(pg_catalog.substring(pg_catalog.pg_get_triggerdef(t.oid, true), 'WHEN (.*) EXECUTE (PROCEDURE|FUNCTION)'),
  pg_catalog.substring(pg_catalog.pg_get_triggerdef(t.oid, true), 'WHEN (.*) \$trigger')) AS whenclause,
  (pg_catalog.string_to_array(encode(tgargs, 'escape'), E'\\000')::text[])[1:tgnargs] AS custom_tgargs, (CASE WHEN tgconstraint != 0::OID
  THEN true ElSE false END) AS is_constraint_trigger, tgoldtable, tgnewtable
  FROM pg_catalog.pg_trigger t JOIN pg_catalog.pg_class cl ON cl.oid=tgrelid
  JOIN pg_catalog.pg_namespace na ON na.oid=relnamespace
  LEFT OUTER JOIN pg_catalog.pg_description des ON (des.objoid=t.oid AND des.classoid='pg_trigger'::regclass)
  LEFT OUTER JOIN pg_catalog.pg_proc p ON p.oid=t.tgfoid
  LEFT OUTER JOIN pg_catalog.pg_language l ON l.oid=p.prolang
  WHERE NOT tgisinternal AND tgrelid = 13327::OID
  ORDER BY tgname;

SELECT COUNT(*)::text FROM information_schema.sql_implementation_info;

SELECT COUNT(*)::text FROM information_schema.sql_sizing;

SELECT t.oid, t.typname AS name, des.description, ra.rngmultitypid as rngmultirangetype
  FROM pg_catalog.pg_type t LEFT OUTER JOIN pg_catalog.pg_type e ON e.oid=t.typelem
  LEFT OUTER JOIN pg_catalog.pg_range ra ON ra.rngtypid=t.oid
  LEFT OUTER JOIN pg_catalog.pg_class ct ON ct.oid=t.typrelid AND ct.relkind <> 'c'
  LEFT OUTER JOIN pg_catalog.pg_namespace nsp ON nsp.oid = t.typnamespace
  LEFT OUTER JOIN pg_catalog.pg_description des ON (des.objoid=t.oid AND des.classoid='pg_type'::regclass)
  WHERE t.typtype != 'd' AND t.typname NOT LIKE E'\\_%' AND t.typnamespace = 13144::oid AND ct.oid is NULL
  ORDER BY t.typname;

SELECT proname, nspname, CASE WHEN length(nspname::text) > 0 and length(proname::text) > 0 THEN
  pg_catalog.concat(pg_catalog.quote_ident(nspname), '.', pg_catalog.quote_ident(proname)) WHEN length(proname::text) > 0 THEN
  pg_catalog.quote_ident(proname) ELSE '' END AS func
  FROM ( SELECT proname, nspname, max(proargtypes[0]) AS arg0, max(proargtypes[1]) AS arg1
  FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid=pronamespace
  GROUP BY proname, nspname HAVING count(proname) = 1) AS uniquefunc
  WHERE arg0 <> 0 AND (arg1 IS NULL OR arg1 <> 0);

SELECT proname, nspname, CASE WHEN length(nspname::text) > 0 AND length(proname::text) > 0 THEN
  pg_catalog.concat(pg_catalog.quote_ident(nspname), '.', pg_catalog.quote_ident(proname)) ELSE '' END AS func
  FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid=pronamespace
  WHERE prorettype=(SELECT oid FROM pg_catalog.pg_type
  WHERE typname='int4') AND proargtypes[0]=(SELECT oid
  FROM pg_catalog.pg_type WHERE typname='_cstring') AND proargtypes[1] IS NULL
  ORDER BY nspname, proname;

SELECT c.oid, c.xmin, c.relkind, description AS comment, (CASE WHEN length(spc.spcname::text) > 0 THEN spc.spcname ELSE 'pg_default' END)
  as spcname, c.relname AS name, c.reltablespace AS spcoid, nsp.nspname AS schema, c.relispopulated AS ispopulated,
  pg_catalog.pg_get_userbyid(c.relowner) AS owner, pg_catalog.array_to_string(c.relacl::text[], ', ') AS acl,
  pg_catalog.pg_get_viewdef(c.oid, true) AS definition, (SELECT pg_catalog.array_agg(provider || '=' || label)
  FROM pg_catalog.pg_seclabels sl1 WHERE sl1.objoid=c.oid AND sl1.objsubid=0 ) AS seclabels,
  substring(pg_catalog.array_to_string(c.reloptions, ',')
  FROM 'check_option=([a-z]*)') AS check_option, (substring(pg_catalog.array_to_string(c.reloptions, ',')
  FROM 'security_barrier=([a-z|0-9]*)'))::boolean AS security_barrier, (substring(pg_catalog.array_to_string(c.reloptions, ',')
  FROM 'security_invoker=([a-z|0-9]*)'))::boolean AS security_invoker
  FROM pg_catalog.pg_class c LEFT OUTER JOIN pg_catalog.pg_namespace nsp on nsp.oid = c.relnamespace
  LEFT OUTER JOIN pg_catalog.pg_tablespace spc on spc.oid=c.reltablespace
  LEFT OUTER JOIN pg_catalog.pg_description des ON (des.objoid=c.oid and des.objsubid=0 AND des.classoid='pg_class'::regclass)
  WHERE ((c.relhasrules AND (EXISTS ( SELECT r.rulename
  FROM pg_catalog.pg_rewrite r WHERE ((r.ev_class = c.oid) AND (bpchar(r.ev_type) = '1'::bpchar)) ))) AND (c.relkind = 'v'::char) ) AND
  c.relnamespace = 13144::oid ORDER BY c.relname;

SELECT ( SELECT t.alias FROM pg_catalog.ts_token_type(cfgparser) AS t
  WHERE t.tokid = maptokentype ) AS token, pg_catalog.array_agg( CASE WHEN (pg_ns.nspname != 'pg_catalog') THEN
  pg_catalog.CONCAT(pg_ns.nspname, '.', pg_ts_dict.dictname) ELSE pg_catalog.pg_ts_dict.dictname END) AS dictname
  FROM pg_catalog.pg_ts_config_map LEFT OUTER
  JOIN pg_catalog.pg_ts_config ON mapcfg = pg_ts_config.oid
  LEFT OUTER JOIN pg_catalog.pg_ts_dict ON mapdict = pg_ts_dict.oid
  LEFT OUTER JOIN pg_catalog.pg_namespace pg_ns ON pg_ns.oid = pg_ts_dict.dictnamespace
  WHERE mapcfg=13087::OID GROUP BY token ORDER BY 1;

SELECT COUNT(*)::text FROM pg_catalog.pg_aggregate;

SELECT i.indexrelid, CASE i.indoption[i.attnum - 1] WHEN 0 THEN ARRAY['ASC', 'NULLS LAST'] WHEN 1 THEN ARRAY['DESC', 'NULLS LAST'] WHEN 2
  THEN ARRAY['ASC', 'NULLS FIRST'] WHEN 3 THEN ARRAY['DESC', 'NULLS FIRST'] ELSE ARRAY['UNKNOWN OPTION' || i.indoption[i.attnum - 1]::text,
  ''] END::text[] AS options, i.attnum, pg_catalog.pg_get_indexdef(i.indexrelid, i.attnum, true) as attdef, CASE WHEN
  pg_catalog.pg_get_indexdef(i.indexrelid, i.attnum, true) = a.attname THEN FALSE ELSE TRUE END AS is_exp, a.attstattarget as statistics,
  CASE WHEN (o.opcdefault = FALSE) THEN o.opcname ELSE null END AS opcname, op.oprname AS oprname, CASE WHEN length(nspc.nspname::text) > 0
  AND length(coll.collname::text) > 0 THEN pg_catalog.concat(pg_catalog.quote_ident(nspc.nspname), '.',
  pg_catalog.quote_ident(coll.collname)) ELSE '' END AS collnspname
  FROM ( SELECT indexrelid, i.indoption, i.indclass, pg_catalog.unnest(ARRAY(SELECT pg_catalog.generate_series(1, i.indnkeyatts) AS n)) AS
  attnum FROM pg_catalog.pg_index i WHERE i.indexrelid = 2650::OID ) i
  LEFT JOIN pg_catalog.pg_opclass o ON (o.oid = i.indclass[i.attnum - 1])
  LEFT OUTER JOIN pg_catalog.pg_constraint c ON (c.conindid = i.indexrelid)
  LEFT OUTER JOIN pg_catalog.pg_operator op ON (op.oid = c.conexclop[i.attnum])
  LEFT JOIN pg_catalog.pg_attribute a ON (a.attrelid = i.indexrelid AND a.attnum = i.attnum)
  LEFT OUTER JOIN pg_catalog.pg_collation coll ON a.attcollation=coll.oid
  LEFT OUTER JOIN pg_catalog.pg_namespace nspc ON coll.collnamespace=nspc.oid
  ORDER BY i.attnum;

SELECT a.attname as colname FROM ( SELECT i.indnkeyatts, i.indrelid, pg_catalog.unnest(indkey) AS table_colnum,
  pg_catalog.unnest(ARRAY(SELECT pg_catalog.generate_series(1, i.indnatts) AS n)) attnum
  FROM pg_catalog.pg_index i WHERE i.indexrelid = 2650::OID ) i
  JOIN pg_catalog.pg_attribute a ON (a.attrelid = i.indrelid AND i.table_colnum = a.attnum)
  WHERE i.attnum > i.indnkeyatts ORDER BY i.attnum;

-- varies
SELECT idx_scan AS "Index scans", idx_tup_read AS "Index tuples read", idx_tup_fetch AS "Index tuples fetched", idx_blks_read AS "Index
  blocks read", idx_blks_hit AS "Index blocks hit", pg_catalog.pg_relation_size(2650::OID) AS "Index size", last_idx_scan AS "Last index
  scan" FROM pg_catalog.pg_stat_all_indexes stat
  JOIN pg_catalog.pg_statio_all_indexes statio ON stat.indexrelid = statio.indexrelid
  JOIN pg_catalog.pg_class cl ON cl.oid=stat.indexrelid
  WHERE stat.indexrelid = 2650::OID;

SELECT COUNT(*)::text FROM pg_catalog.pg_amop;

SELECT COUNT(*)::text FROM pg_catalog.pg_amproc;

SELECT COUNT(*)::text FROM pg_catalog.pg_attrdef;

SELECT COUNT(*)::text FROM pg_catalog.pg_auth_members;

SELECT COUNT(*)::text FROM pg_catalog.pg_cast;

SELECT e.oid, e.evtname AS name, pg_catalog.obj_description(e.oid, 'pg_event_trigger') AS comment
  FROM pg_catalog.pg_event_trigger e ORDER BY e.evtname;

SELECT e.oid, e.xmin, e.evtname AS name, upper(e.evtevent) AS eventname, pg_catalog.pg_get_userbyid(e.evtowner) AS eventowner, e.evtenabled
  AS enabled, e.evtfoid AS eventfuncoid, CASE WHEN n.nspname = 'public' THEN pg_catalog.quote_ident(n.nspname) || '.' ||
  cast(e.evtfoid::regproc as text) ELSE cast(e.evtfoid::regproc as text) END AS eventfunname, pg_catalog.array_to_string(array(select
  pg_catalog.quote_literal(x) from pg_catalog.unnest(evttags) as t(x)), ', ') AS when, pg_catalog.obj_description(e.oid,
  'pg_event_trigger') AS comment, (SELECT pg_catalog.array_agg(provider || '=' || label)
  FROM pg_catalog.pg_seclabel sl1 WHERE sl1.objoid=e.oid) AS seclabels, p.prosrc AS source, p.pronamespace AS schemaoid, l.lanname AS
  language FROM pg_catalog.pg_event_trigger e
  LEFT OUTER JOIN pg_catalog.pg_proc p ON p.oid=e.evtfoid
  LEFT OUTER JOIN pg_catalog.pg_language l ON l.oid=p.prolang, pg_catalog.pg_namespace n
  WHERE p.pronamespace = n.oid ORDER BY e.evtname;

SELECT a.name, a.installed_version, pg_catalog.array_agg(av.version) as version, pg_catalog.array_agg(av.schema) as schema,
  pg_catalog.array_agg(av.superuser) as superuser, pg_catalog.array_agg(av.relocatable) as relocatable
  FROM pg_catalog.pg_available_extensions a
  LEFT JOIN pg_catalog.pg_available_extension_versions av ON (a.name = av.name)
  GROUP BY a.name, a.installed_version ORDER BY a.name;

SELECT fdw.oid as fdwoid, fdwname as name
  FROM pg_catalog.pg_foreign_data_wrapper fdw
  LEFT OUTER JOIN pg_catalog.pg_description des ON (des.objoid=fdw.oid AND des.objsubid=0 AND
  des.classoid='pg_foreign_data_wrapper'::regclass)
  WHERE fdw.oid={pg_foreign_data_wrapper.fdwname file_fdw}::oid;

SELECT um.umid as um_oid, um.usename as name, dep.deptype
  FROM pg_catalog.pg_user_mappings um LEFT
  JOIN pg_catalog.pg_depend dep ON dep.objid=um.umid
  WHERE um.srvid = {pg_foreign_server.srvname elsewhere}::OID;

SELECT oid , pubname AS name FROM pg_catalog.pg_publication;

SELECT pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(cls.relname) AS table_name, (SELECT array_agg(attname)
  FROM pg_catalog.pg_attribute att WHERE attrelid = prel.prrelid AND attnum IN (SELECT unnest(prattrs)
  FROM pg_catalog.pg_publication_rel WHERE oid = prel.oid ) ) AS columns, pg_catalog.pg_get_expr(prel.prqual, prel.prrelid) AS
  where FROM pg_catalog.pg_publication_rel prel
  JOIN pg_catalog.pg_class cls ON cls.oid = prel.prrelid
  JOIN pg_catalog.pg_namespace n ON cls.relnamespace = n.oid
  WHERE prel.prpubid = {pg_publication.pubname everything} :: oid;

SELECT pg_catalog.quote_ident(c.table_schema)|| '.' || pg_catalog.quote_ident(c.table_name) AS table, (
  pg_catalog.quote_ident(c.table_schema)|| '.' || pg_catalog.quote_ident(c.table_name) ):: regclass :: oid as tid
  FROM information_schema.tables c WHERE c.table_type = 'BASE TABLE' AND c.table_schema NOT LIKE 'pg\_%' AND c.table_schema NOT LIKE
  'pgagent' AND c.table_schema NOT LIKE 'sys' AND c.table_schema NOT IN ('information_schema')
  ORDER BY 1;

SELECT n.nspname AS sname FROM pg_catalog.pg_publication_namespace pubnsp
  JOIN pg_catalog.pg_namespace n ON pubnsp.pnnspid = n.oid
  WHERE pnpubid = {pg_publication.pubname everything} :: oid;

SELECT cl.oid AS oid, pg_catalog.quote_ident(pgb_table.schemaname)||'.'||pg_catalog.quote_ident(pgb_table.tablename) AS pubtable
  FROM pg_catalog.pg_publication_tables pgb_table
  LEFT JOIN pg_catalog.pg_class cl ON pgb_table.tablename = cl.relname
  WHERE pubname = 'everything' AND pgb_table.schemaname NOT LIKE 'pgagent';

SELECT c.oid, c.relname AS name, pg_catalog.pg_get_userbyid(relowner) AS owner, pg_catalog.array_to_string(c.relacl::text[], ', ') as acl,
  ftoptions, srvname AS ftsrvname, description, nspname AS basensp, (SELECT count(*)
  FROM pg_catalog.pg_trigger WHERE tgrelid=ftrelid AND tgisinternal = FALSE) AS triggercount, (SELECT pg_catalog.array_agg(provider || '='
  || label) FROM pg_catalog.pg_seclabel sl1
  WHERE sl1.objoid=c.oid) AS seclabels , (SELECT pg_catalog.array_agg(i.inhparent)
  FROM pg_catalog.pg_inherits i WHERE i.inhrelid = {class zoo.far_away}::oid
  GROUP BY i.inhrelid) AS inherits FROM pg_catalog.pg_class c
  JOIN pg_catalog.pg_foreign_table ft ON c.oid=ft.ftrelid
  LEFT OUTER JOIN pg_catalog.pg_foreign_server fs ON ft.ftserver=fs.oid
  LEFT OUTER JOIN pg_catalog.pg_description des ON (des.objoid=c.oid AND des.classoid='pg_class'::regclass AND des.objsubid = 0)
  LEFT OUTER JOIN pg_catalog.pg_namespace nsp ON (nsp.oid=c.relnamespace)
  WHERE c.relnamespace = {namespace zoo}::oid AND c.oid = {class zoo.far_away}::oid
  ORDER BY c.relname;

SELECT oid as conoid, conname, contype, pg_catalog.BTRIM(substring(pg_catalog.pg_get_constraintdef(oid, true)
  from '\(.+\)'), '()') as consrc, connoinherit, convalidated, conislocal
  FROM pg_catalog.pg_constraint WHERE conrelid={class zoo.far_away}::oid AND contype != 'n'
  ORDER by conname;

-- varies
SELECT seq_scan AS "Sequential scans", seq_tup_read AS "Sequential tuples read", idx_scan AS "Index scans", idx_tup_fetch AS "Index tuples
  fetched", n_tup_ins AS "Tuples inserted", n_tup_upd AS "Tuples updated", n_tup_del AS "Tuples deleted", n_tup_hot_upd AS "Tuples HOT
  updated", n_live_tup AS "Live tuples", n_dead_tup AS "Dead tuples", heap_blks_read AS "Heap blocks read", heap_blks_hit AS "Heap blocks
  hit", idx_blks_read AS "Index blocks read", idx_blks_hit AS "Index blocks hit", toast_blks_read AS "Toast blocks read", toast_blks_hit AS
  "Toast blocks hit", tidx_blks_read AS "Toast index blocks read", tidx_blks_hit AS "Toast index blocks hit", last_vacuum AS "Last vacuum",
  last_autovacuum AS "Last autovacuum", last_analyze AS "Last analyze", last_autoanalyze AS "Last autoanalyze",
  pg_catalog.pg_relation_size(stat.relid) AS "Table size", CASE WHEN cl.reltoastrelid = 0 THEN NULL ELSE
  pg_catalog.pg_size_pretty(pg_catalog.pg_relation_size(cl.reltoastrelid) + COALESCE((SELECT SUM(pg_catalog.pg_relation_size(indexrelid))
  FROM pg_catalog.pg_index WHERE indrelid=cl.reltoastrelid)::int8, 0)) END AS "Toast table size", COALESCE((SELECT
  SUM(pg_catalog.pg_relation_size(indexrelid))
  FROM pg_catalog.pg_index WHERE indrelid=stat.relid)::int8, 0) AS "Indexes size"
  FROM pg_catalog.pg_stat_all_tables stat
  JOIN pg_catalog.pg_statio_all_tables statio ON stat.relid = statio.relid
  JOIN pg_catalog.pg_class cl ON cl.oid=stat.relid
  WHERE stat.relid = {class zoo.species_counts}::oid;

SELECT pr.oid, pr.xmin, CASE WHEN pr.prokind = 'w' THEN true ELSE false END AS proiswindow, pr.prosrc, pr.prosrc AS prosrc_c,
  pr.pronamespace, pr.prolang, pr.procost, pr.prorows, pr.prokind, pr.prosecdef, pr.proleakproof, pr.proisstrict, pr.proretset,
  pr.provolatile, pr.proparallel, pr.pronargs, pr.prorettype, pr.proallargtypes, pr.proargmodes, pr.probin, pr.proacl, pr.proname,
  pr.proname AS name, pg_catalog.pg_get_function_result(pr.oid) AS prorettypename, typns.nspname AS typnsp, lanname, proargnames,
  pg_catalog.oidvectortypes(proargtypes) AS proargtypenames, pg_catalog.pg_get_expr(proargdefaults, 'pg_catalog.pg_class'::regclass) AS
  proargdefaultvals, pg_catalog.pg_get_function_sqlbody(pr.oid) AS prosrc_sql, CASE WHEN pr.prosqlbody IS NOT NULL THEN true ELSE false END
  as is_pure_sql, pr.pronargdefaults, proconfig, pg_catalog.pg_get_userbyid(proowner) AS funcowner, description, ( SELECT
  array_agg(DISTINCT e.extname) FROM pg_catalog.pg_depend d
  JOIN pg_catalog.pg_extension e ON d.refobjid = e.oid
  WHERE d.objid = pr.oid ) AS dependsonextensions, ( WITH name_with_args_tab AS (SELECT
  pg_catalog.pg_get_function_identity_arguments(pr.oid) AS val) SELECT CASE WHEN val <> '' THEN pr.proname || '(' || val || ')' ELSE
  pr.proname::text END FROM name_with_args_tab ) AS name_with_args, (SELECT pg_catalog.array_agg(provider || '=' || label)
  FROM pg_catalog.pg_seclabel sl1 WHERE sl1.objoid=pr.oid) AS seclabels
  FROM pg_catalog.pg_proc pr JOIN pg_catalog.pg_type typ ON typ.oid=prorettype
  JOIN pg_catalog.pg_namespace typns ON typns.oid=typ.typnamespace
  JOIN pg_catalog.pg_language lng ON lng.oid=prolang
  LEFT OUTER JOIN pg_catalog.pg_description des ON (des.objoid=pr.oid AND des.classoid='pg_proc'::regclass and des.objsubid = 0)
  WHERE pr.prokind = 'p' AND typname NOT IN ('trigger', 'event_trigger') AND pr.oid = {proc zoo.clean}::oid
  ORDER BY proname;

-- varies
SELECT last_value, seqmin AS min_value, seqmax AS max_value, seqstart AS start_value, seqcache AS cache_value, seqcycle AS is_cycled,
  seqincrement AS increment_by, is_called
  FROM pg_catalog.pg_sequence, zoo.animals_id_seq
  WHERE seqrelid = {class zoo.animals_id_seq};

-- varies
SELECT blks_read AS "Blocks read", blks_hit AS "Blocks hit"
  FROM pg_catalog.pg_statio_all_sequences
  WHERE relid = {class zoo.animals_id_seq}::OID;

-- varies
SELECT last_value, seqmin AS min_value, seqmax AS max_value, seqstart AS start_value, seqcache AS cache_value, seqcycle AS is_cycled,
  seqincrement AS increment_by, is_called
  FROM pg_catalog.pg_sequence, zoo.keepers_id_seq
  WHERE seqrelid = {class zoo.keepers_id_seq};

-- varies
SELECT last_value, seqmin AS min_value, seqmax AS max_value, seqstart AS start_value, seqcache AS cache_value, seqcycle AS is_cycled,
  seqincrement AS increment_by, is_called
  FROM pg_catalog.pg_sequence, zoo.numbers
  WHERE seqrelid = {class zoo.numbers};

SELECT COUNT(*)::text FROM zoo.animals;

SELECT a.attnum, i.indoption[0] AS options, pg_catalog.pg_get_indexdef(i.indexrelid, 1, true) AS coldef, op.oprname, CASE WHEN
  (o.opcdefault = FALSE) THEN o.opcname ELSE null END AS opcname , coll.collname, nspc.nspname as collnspname,
  pg_catalog.format_type(ty.oid,NULL) AS datatype, CASE WHEN pg_catalog.pg_get_indexdef(i.indexrelid, 1, true) = a.attname THEN FALSE ELSE
  TRUE END AS is_exp FROM pg_catalog.pg_index i
  JOIN pg_catalog.pg_attribute a ON (a.attrelid = i.indexrelid AND attnum = 1)
  JOIN pg_catalog.pg_type ty ON ty.oid=a.atttypid
  LEFT OUTER JOIN pg_catalog.pg_opclass o ON (o.oid = i.indclass[0])
  LEFT OUTER JOIN pg_catalog.pg_constraint c ON (c.conindid = i.indexrelid)
  LEFT OUTER JOIN pg_catalog.pg_operator op ON (op.oid = c.conexclop[1])
  LEFT OUTER JOIN pg_catalog.pg_collation coll ON a.attcollation=coll.oid
  LEFT OUTER JOIN pg_catalog.pg_namespace nspc ON coll.collnamespace=nspc.oid
  WHERE i.indexrelid = {class zoo.animals_int4range_excl}::oid
  ORDER BY attnum;

SELECT att.attname as name FROM pg_catalog.pg_attribute att
  WHERE att.attrelid = {class zoo.animals}::oid AND att.attnum IN (3) AND att.attisdropped IS FALSE
  ORDER BY att.attnum;

SELECT COUNT(*)::text FROM zoo.birds;

SELECT COUNT(*)::text FROM zoo.keepers;

SELECT pl.oid AS oid, pl.polname AS name FROM pg_catalog.pg_policy pl
  WHERE pl.oid = {pg_policy.polname own_row}
  ORDER BY pl.polname;

SELECT rw.oid AS oid, rw.rulename AS name, rw.ev_type, rw.is_instead, relname AS view, CASE WHEN relkind = 'r' THEN TRUE ELSE FALSE END AS
  parentistable, nspname AS schema, description AS comment, CASE WHEN rw.rulename = '_RETURN' THEN True ELSE False END AS system_rule, CASE
  WHEN rw.ev_enabled != 'D' THEN True ELSE False END AS enabled, rw.ev_enabled AS is_enable_rule, pg_catalog.pg_get_ruledef(rw.oid) AS
  definition FROM pg_catalog.pg_rewrite rw
  JOIN pg_catalog.pg_class cl ON cl.oid=rw.ev_class
  JOIN pg_catalog.pg_namespace nsp ON nsp.oid=cl.relnamespace
  LEFT OUTER JOIN pg_catalog.pg_description des ON (des.objoid=rw.oid AND des.classoid='pg_rewrite'::regclass)
  WHERE rw.oid = {pg_rewrite.rulename quiet}
  ORDER BY rw.rulename;

SELECT COUNT(*)::text FROM zoo.scribbles;

SELECT COUNT(*)::text FROM zoo.visits;

-- varies
SELECT stat.subname AS "Subscription name", stat.latest_end_time AS "Latest end time", stat.latest_end_lsn AS "Latest end lsn",
  stat.last_msg_receipt_time AS "Last message receipt", stat.last_msg_send_time AS "Last message send time"
  FROM pg_catalog.pg_stat_subscription stat
  LEFT JOIN pg_catalog.pg_subscription sub ON sub.subname = stat.subname
  WHERE sub.subdbid = {pg_database.datname app};

-- varies
SELECT pid, datname, usename, application_name, client_addr, pg_catalog.to_char(backend_start, 'YYYY-MM-DD HH24:MI:SS TZ') AS
  backend_start, state, wait_event_type || ': ' || wait_event AS wait_event, array_to_string(pg_catalog.pg_blocking_pids(pid), ', ') AS
  blocking_pids, query, pg_catalog.to_char(state_change, 'YYYY-MM-DD HH24:MI:SS TZ') AS state_change, pg_catalog.to_char(query_start,
  'YYYY-MM-DD HH24:MI:SS TZ') AS query_start, pg_catalog.to_char(xact_start, 'YYYY-MM-DD HH24:MI:SS TZ') AS xact_start, backend_type, CASE
  WHEN state = 'active' THEN ROUND((extract(epoch
  from now() - query_start) / 60)::numeric, 2) ELSE 0 END AS active_since
  FROM pg_catalog.pg_stat_activity ORDER BY pid;

-- varies
SELECT pid, locktype, datname, relation::regclass, page, tuple, virtualxid transactionid, classid::regclass, objid, objsubid,
  virtualtransaction, mode, granted, fastpath
  FROM pg_catalog.pg_locks l LEFT OUTER JOIN pg_catalog.pg_database d ON (l.database = d.oid)
  ORDER BY pid, locktype;

-- varies
SELECT gid, database, owner, transaction, pg_catalog.to_char(prepared, 'YYYY-MM-DD HH24:MI:SS TZ') AS prepared
  FROM pg_catalog.pg_prepared_xacts ORDER BY gid, database, owner;

-- varies
SELECT 'session_stats' AS chart_name, pg_catalog.row_to_json(t) AS chart_data
  FROM (SELECT (SELECT count(*) FROM pg_catalog.pg_stat_activity
  WHERE datname = (SELECT datname FROM pg_catalog.pg_database
  WHERE oid = {pg_database.datname app})) AS "Total", (SELECT count(*)
  FROM pg_catalog.pg_stat_activity WHERE state = 'active' AND datname = (SELECT datname
  FROM pg_catalog.pg_database WHERE oid = {pg_database.datname app})) AS "Active", (SELECT count(*)
  FROM pg_catalog.pg_stat_activity WHERE state = 'idle' AND datname = (SELECT datname
  FROM pg_catalog.pg_database WHERE oid = {pg_database.datname app})) AS "Idle" ) t
  UNION ALL SELECT 'tps_stats' AS chart_name, pg_catalog.row_to_json(t) AS chart_data
  FROM (SELECT (SELECT sum(xact_commit) + sum(xact_rollback)
  FROM pg_catalog.pg_stat_database WHERE datname = (SELECT datname
  FROM pg_catalog.pg_database WHERE oid = {pg_database.datname app})) AS "Transactions", (SELECT sum(xact_commit)
  FROM pg_catalog.pg_stat_database WHERE datname = (SELECT datname
  FROM pg_catalog.pg_database WHERE oid = {pg_database.datname app})) AS "Commits", (SELECT sum(xact_rollback)
  FROM pg_catalog.pg_stat_database WHERE datname = (SELECT datname
  FROM pg_catalog.pg_database WHERE oid = {pg_database.datname app})) AS "Rollbacks" ) t
  UNION ALL SELECT 'ti_stats' AS chart_name, pg_catalog.row_to_json(t) AS chart_data
  FROM (SELECT (SELECT sum(tup_inserted) FROM pg_catalog.pg_stat_database
  WHERE datname = (SELECT datname FROM pg_catalog.pg_database
  WHERE oid = {pg_database.datname app})) AS "Inserts", (SELECT sum(tup_updated)
  FROM pg_catalog.pg_stat_database WHERE datname = (SELECT datname
  FROM pg_catalog.pg_database WHERE oid = {pg_database.datname app})) AS "Updates", (SELECT sum(tup_deleted)
  FROM pg_catalog.pg_stat_database WHERE datname = (SELECT datname
  FROM pg_catalog.pg_database WHERE oid = {pg_database.datname app})) AS "Deletes" ) t
  UNION ALL SELECT 'to_stats' AS chart_name, pg_catalog.row_to_json(t) AS chart_data
  FROM (SELECT (SELECT sum(tup_fetched) FROM pg_catalog.pg_stat_database
  WHERE datname = (SELECT datname FROM pg_catalog.pg_database
  WHERE oid = {pg_database.datname app})) AS "Fetched", (SELECT sum(tup_returned)
  FROM pg_catalog.pg_stat_database WHERE datname = (SELECT datname
  FROM pg_catalog.pg_database WHERE oid = {pg_database.datname app})) AS "Returned" ) t
  UNION ALL SELECT 'bio_stats' AS chart_name, pg_catalog.row_to_json(t) AS chart_data
  FROM (SELECT (SELECT sum(blks_read) FROM pg_catalog.pg_stat_database
  WHERE datname = (SELECT datname FROM pg_catalog.pg_database
  WHERE oid = {pg_database.datname app})) AS "Reads", (SELECT sum(blks_hit)
  FROM pg_catalog.pg_stat_database WHERE datname = (SELECT datname
  FROM pg_catalog.pg_database WHERE oid = {pg_database.datname app})) AS "Hits" ) t;
