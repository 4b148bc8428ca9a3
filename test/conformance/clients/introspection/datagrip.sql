-- DataGrip 2024 and its kin (IntelliJ, PyCharm): the catalogue of one database, schema by schema.

set extra_float_digits = 3;

set application_name = 'DataGrip 2024.3';

select version();

select current_database() as a, current_schemas(false) as b;

select current_database(), current_schema(), current_user;

select round(extract(epoch from pg_postmaster_start_time() at time zone 'UTC')) as startup_time;

-- varies
select L.transactionid::varchar::bigint as transaction_id from pg_catalog.pg_locks L
where L.transactionid is not null order by pg_catalog.age(L.transactionid) desc limit 1;

-- varies
select case when pg_catalog.pg_is_in_recovery() then null
  else (pg_catalog.txid_current() % 4294967296)::varchar::bigint end as current_txid;

select N.oid::bigint as id, datname as name, D.description, datistemplate as is_template, datallowconn as allow_connections,
  pg_catalog.pg_get_userbyid(N.datdba) as "owner"
from pg_catalog.pg_database N left join pg_catalog.pg_shdescription D on N.oid = D.objoid
order by case when datname = pg_catalog.current_database() then -1::bigint else N.oid::bigint end;

show DateStyle;

SHOW TRANSACTION ISOLATION LEVEL;

select name, is_dst from pg_catalog.pg_timezone_names
union distinct select abbrev as name, is_dst from pg_catalog.pg_timezone_abbrevs;

select R.oid::bigint as role_id, rolname as role_name, rolsuper is_super, rolinherit is_inherit, rolcreaterole can_createrole,
  rolcreatedb can_createdb, rolcanlogin can_login, rolreplication is_replication, rolconnlimit conn_limit, rolvaliduntil valid_until,
  rolbypassrls bypass_rls, rolconfig config, D.description
from pg_catalog.pg_roles R left join pg_catalog.pg_shdescription D on D.objoid = R.oid;

select member id, roleid role_id, admin_option from pg_catalog.pg_auth_members order by id, roleid::text;

select T.oid::bigint as id, T.spcname as name, T.xmin as state_number, pg_catalog.pg_get_userbyid(T.spcowner) as owner,
  pg_catalog.pg_tablespace_location(T.oid) as location, T.spcoptions as options, D.description as comment
from pg_catalog.pg_tablespace T left join pg_catalog.pg_shdescription D on D.objoid = T.oid;

-- varies
select N.oid::bigint as id, N.xmin as state_number, nspname as name, D.description, pg_catalog.pg_get_userbyid(N.nspowner) as "owner"
from pg_catalog.pg_namespace N left join pg_catalog.pg_description D on N.oid = D.objoid
order by case when nspname = pg_catalog.current_schema() then -1::bigint else N.oid::bigint end;

select usesuper from pg_user where usename = current_user;

select t.oid as id, t.xmin as state_number, t.evtname as name, t.evtevent as event, t.evtfoid as routine_id,
  pg_catalog.pg_get_userbyid(t.evtowner) as owner, t.evttags as tags, case when t.evtenabled = 'D' then 1 else 0 end as is_disabled
from pg_catalog.pg_event_trigger t;

select fdw.oid as id, fdw.xmin as state_number, fdw.fdwname as name, pr.proname as handler, nspc.nspname as handler_schema,
  pr2.proname as validator, nspc2.nspname as validator_schema, fdw.fdwoptions as options, pg_catalog.pg_get_userbyid(fdw.fdwowner) as "owner"
from pg_catalog.pg_foreign_data_wrapper fdw
  left outer join pg_catalog.pg_proc pr on fdw.fdwhandler = pr.oid
  left outer join pg_catalog.pg_namespace nspc on pr.pronamespace = nspc.oid
  left outer join pg_catalog.pg_proc pr2 on fdw.fdwvalidator = pr2.oid
  left outer join pg_catalog.pg_namespace nspc2 on pr2.pronamespace = nspc2.oid;

select srv.oid as id, srv.srvfdw as fdw_id, srv.xmin as state_number, srv.srvname as name, srv.srvtype as type,
  srv.srvversion as version, srv.srvoptions as options, pg_catalog.pg_get_userbyid(srv.srvowner) as "owner"
from pg_catalog.pg_foreign_server srv;

select A.oid as access_method_id, A.xmin as state_number, A.amname as access_method_name, A.amhandler::oid as handler_id,
  pg_catalog.quote_ident(N.nspname) || '.' || pg_catalog.quote_ident(P.proname) as handler_name, A.amtype as access_method_type
from pg_am A join pg_proc P on A.amhandler::oid = P.oid join pg_namespace N on P.pronamespace = N.oid;

select E.oid as id, E.xmin as state_number, extname as name, extversion as version, extnamespace as schema_id, nspname as schema_name,
  array(select unnest from unnest(available_versions) where unnest > extversion) as available_updates
from pg_catalog.pg_extension E join pg_namespace N on E.extnamespace = N.oid
  left join (select name, array_agg(version) as available_versions from pg_available_extension_versions() group by name) V on E.extname = V.name;

select l.oid as id, l.xmin state_number, lanname as name, lanpltrusted as trusted, h.proname as handler, hs.nspname as handlerSchema,
  i.proname as inline, isc.nspname as inlineSchema, v.proname as validator, vs.nspname as validatorSchema
from pg_catalog.pg_language l
  left join pg_catalog.pg_proc h on h.oid = lanplcallfoid left join pg_catalog.pg_namespace hs on hs.oid = h.pronamespace
  left join pg_catalog.pg_proc i on i.oid = laninline left join pg_catalog.pg_namespace isc on isc.oid = i.pronamespace
  left join pg_catalog.pg_proc v on v.oid = lanvalidator left join pg_catalog.pg_namespace vs on vs.oid = v.pronamespace
order by lanname;

select D.objoid id, case when 'pg_catalog.pg_event_trigger'::regclass = classoid then 'T' when 'pg_catalog.pg_am'::regclass = classoid then 'A'
  when 'pg_catalog.pg_cast'::regclass = classoid then 'C' when 'pg_catalog.pg_extension'::regclass = classoid then 'E' end as kind,
  D.objsubid sub_id, D.description
from pg_catalog.pg_description D
where classoid in ('pg_catalog.pg_event_trigger'::regclass, 'pg_catalog.pg_am'::regclass, 'pg_catalog.pg_cast'::regclass, 'pg_catalog.pg_extension'::regclass);

select T.oid as object_id, T.fdwacl as acl from pg_catalog.pg_foreign_data_wrapper T
union all select T.oid as object_id, T.lanacl as acl from pg_catalog.pg_language T
union all select T.oid as object_id, T.nspacl as acl from pg_catalog.pg_namespace T
union all select T.oid as object_id, T.srvacl as acl from pg_catalog.pg_foreign_server T;

select C.oid, C.xmin as state_number, C.castsource as castsource_id,
  pg_catalog.quote_ident(SN.nspname) || '.' || pg_catalog.quote_ident(S.typname) as castsource_name, C.casttarget as casttarget_id,
  pg_catalog.quote_ident(TN.nspname) || '.' || pg_catalog.quote_ident(T.typname) as casttarget_name, C.castfunc as castfunc_id,
  pg_catalog.quote_ident(FN.nspname) || '.' || pg_catalog.quote_ident(F.proname) as castfunc_name, C.castcontext, C.castmethod
from pg_cast C left outer join pg_proc F on C.castfunc::oid = F.oid left outer join pg_namespace FN on F.pronamespace = FN.oid
  join pg_type S on C.castsource::oid = S.oid join pg_namespace SN on S.typnamespace = SN.oid
  join pg_type T on C.casttarget::oid = T.oid join pg_namespace TN on T.typnamespace = TN.oid;

select E.oid as extension_id, D.objid as member_id
from pg_extension E join pg_depend D on E.oid = D.refobjid and D.refclassid = 'pg_extension'::regclass::oid
where D.deptype = 'e' order by extension_id;

select T.oid as oid, relnamespace as schemaId, pg_catalog.translate(relkind, 'rmvpfS', 'rmvrfS') as kind, relname as name
from pg_catalog.pg_class T where relnamespace in ({namespace zoo}::oid) and relkind in ('r', 'm', 'v', 'p', 'f', 'S')
union all select T.oid, T.typnamespace, 'T', T.typname
from pg_catalog.pg_type T left outer join pg_catalog.pg_class C on T.typrelid = C.oid
where T.typnamespace in ({namespace zoo}::oid) and (T.typtype in ('d', 'e') or C.relkind = 'c'::"char"
  or (T.typtype = 'b' and (T.typelem = 0 OR T.typcategory <> 'A')) or T.typtype = 'p' and not T.typisdefined)
union all select oid, collnamespace, 'C', collname from pg_catalog.pg_collation where collnamespace in ({namespace zoo}::oid)
union all select oid, oprnamespace, 'O', oprname from pg_catalog.pg_operator where oprnamespace in ({namespace zoo}::oid)
union all select oid, opcnamespace, 'c', opcname from pg_catalog.pg_opclass where opcnamespace in ({namespace zoo}::oid)
union all select oid, opfnamespace, 'F', opfname from pg_catalog.pg_opfamily where opfnamespace in ({namespace zoo}::oid)
union all select oid, pronamespace, case when prokind != 'a' then 'R' else 'a' end, proname from pg_catalog.pg_proc where pronamespace in ({namespace zoo}::oid)
order by schemaId;

with T as (select T.oid as oid, T.relkind as kind, T.relnamespace as schemaId from pg_catalog.pg_class T
  where T.relnamespace in ({namespace zoo}::oid) and T.relkind in ('r', 'm', 'v', 'f', 'p'))
select T.schemaId as schemaId, T.oid as majorOid, pg_catalog.translate(T.kind, 'rmvpf', 'rmvrf') as kind, C.attnum as position, C.attname as name
from T join pg_catalog.pg_attribute C on T.oid = C.attrelid where C.attnum > 0 and not C.attisdropped order by schemaId, majorOid;

select cls.xmin as sequence_state_number, sq.seqrelid as sequence_id, cls.relname as sequence_name,
  pg_catalog.format_type(sq.seqtypid, null) as data_type, sq.seqstart as start_value, sq.seqincrement as inc_value, sq.seqmin as min_value,
  sq.seqmax as max_value, sq.seqcache as cache_size, sq.seqcycle as cycle_option, pg_catalog.pg_get_userbyid(cls.relowner) as "owner"
from pg_catalog.pg_sequence sq join pg_class cls on sq.seqrelid = cls.oid where cls.relnamespace = {namespace zoo}::oid;

select T.relkind as table_kind, T.relname as table_name, T.oid as table_id, T.xmin as table_state_number, false as table_with_oids,
  T.reltablespace as tablespace_id, T.reloptions as options, T.relpersistence as persistence,
  (select pg_catalog.array_agg(inhparent::bigint order by inhseqno)::varchar from pg_catalog.pg_inherits where T.oid = inhrelid) as ancestors,
  (select pg_catalog.array_agg(inhrelid::bigint order by inhrelid)::varchar from pg_catalog.pg_inherits where T.oid = inhparent) as successors,
  T.relispartition as is_partition, pg_catalog.pg_get_partkeydef(T.oid) as partition_key,
  pg_catalog.pg_get_expr(T.relpartbound, T.oid) as partition_expression, T.relam am_id, pg_catalog.pg_get_userbyid(T.relowner) as "owner"
from pg_catalog.pg_class T where relnamespace = {namespace zoo}::oid and relkind in ('r', 'm', 'v', 'f', 'p') order by table_kind, table_id;

with schema_procs as (select prorettype, proargtypes, proallargtypes from pg_catalog.pg_proc where pronamespace = {namespace zoo}::oid),
  schema_opers as (select oprleft, oprright, oprresult from pg_catalog.pg_operator where oprnamespace = {namespace zoo}::oid),
  schema_aggregates as (select A.aggtranstype, A.aggmtranstype from pg_catalog.pg_aggregate A join pg_catalog.pg_proc P on A.aggfnoid = P.oid
    where P.pronamespace = {namespace zoo}::oid),
  schema_arg_types as (select prorettype as type_id from schema_procs union select distinct unnest(proargtypes) as type_id from schema_procs
    union select distinct unnest(proallargtypes) as type_id from schema_procs union select oprleft as type_id from schema_opers where oprleft is not null
    union select oprresult as type_id from schema_opers where oprresult is not null union select aggtranstype::oid as type_id from schema_aggregates)
select type_id, pg_catalog.format_type(type_id, null) as type_spec from schema_arg_types where type_id <> 0;

with languages as (select oid as lang_oid, lanname as lang from pg_catalog.pg_language),
  routines as (select proname as r_name, prolang as lang_oid, oid as r_id, xmin as r_state_number, proargnames as arg_names, proargmodes as arg_modes,
    proargtypes::int[] as in_arg_types, proallargtypes::int[] as all_arg_types, pg_catalog.pg_get_expr(proargdefaults, 0) as arg_defaults,
    provariadic as arg_variadic_id, prorettype as ret_type_id, proretset as ret_set, prokind as kind, provolatile as volatile_kind,
    proisstrict as is_strict, prosecdef as is_security_definer, proconfig as configuration_parameters, procost as cost,
    pg_catalog.pg_get_userbyid(proowner) as "owner", prorows as rows, proleakproof as is_leakproof, proparallel as concurrency_kind
    from pg_catalog.pg_proc where pronamespace = {namespace zoo}::oid and not (prokind = 'a'))
select * from routines natural join languages;

select P.oid as aggregate_id, P.xmin as state_number, P.proname as aggregate_name, P.proargtypes::int[] as in_arg_types,
  A.aggtransfn::oid as transition_function_id, A.aggtransfn::regproc::text as transition_function_name,
  case when A.aggfinalfn::oid = 0 then null else A.aggfinalfn::regproc::varchar end as final_function_name,
  case when A.aggsortop = 0 then null else A.aggsortop::regoper::varchar end as sort_operator_name, A.agginitval as initial_value
from pg_catalog.pg_aggregate A join pg_catalog.pg_proc P on A.aggfnoid = P.oid where P.pronamespace = {namespace zoo}::oid order by P.oid;

select O.oid as op_id, O.xmin as state_number, oprname as op_name, oprkind as op_kind, oprcode::oid as main_id, oprcode::varchar as main_name,
  oprrest::varchar as restrict_name, oprjoin::varchar as join_name, oprcom::regoper::varchar as com_name, oprnegate::regoper::varchar as neg_name
from pg_catalog.pg_operator O where oprnamespace = {namespace zoo}::oid;

select O.oid as id, O.xmin as state_number, opcname as name, opcintype::regtype::varchar as in_type,
  case when opckeytype = 0 then null else opckeytype::regtype::varchar end as key_type, opcdefault as is_default, opfname as family
from pg_catalog.pg_opclass O join pg_catalog.pg_opfamily F on F.oid = opcfamily where opcnamespace = {namespace zoo}::oid;

select ind_head.indexrelid index_id, k col_idx, k <= indnkeyatts in_key, ind_head.indkey[k-1] column_position,
  ind_head.indoption[k-1] column_options, ind_head.indcollation[k-1] as collation, colln.nspname as collation_schema, collname as collation_str,
  case when opcdefault then null else opcname end as opclass_str,
  case when indexprs is null then null when ind_head.indkey[k-1] = 0 then chr(27) || pg_catalog.pg_get_indexdef(ind_head.indexrelid, k::int, true)
    else pg_catalog.pg_get_indexdef(ind_head.indexrelid, k::int, true) end as expression, amcanorder can_order
from pg_catalog.pg_index ind_head join pg_catalog.pg_class ind_stor on ind_stor.oid = ind_head.indexrelid
  cross join unnest(ind_head.indkey) with ordinality u(u, k)
  left join pg_catalog.pg_collation on pg_collation.oid = ind_head.indcollation[k-1]
  left join pg_catalog.pg_namespace colln on collnamespace = colln.oid
  cross join pg_catalog.pg_indexam_has_property(ind_stor.relam, 'can_order') amcanorder
  left join pg_catalog.pg_opclass on pg_opclass.oid = ind_head.indclass[k-1]
where ind_stor.relnamespace = {namespace zoo}::oid and ind_stor.relkind in ('i', 'I') order by index_id, k;

select T.oid table_id, relkind table_kind, C.oid::bigint con_id, C.xmin::varchar::bigint con_state_id, conname con_name, contype con_kind,
  conkey con_columns, conindid index_id, confrelid ref_table_id, condeferrable is_deferrable, condeferred is_init_deferred,
  pg_catalog.pg_get_expr(conbin, T.oid) con_expression, confkey ref_columns, conexclop::int[] excl_operators,
  array(select unnest::regoper::varchar from unnest(conexclop)) excl_operators_str
from pg_catalog.pg_constraint C join pg_catalog.pg_class T on C.conrelid = T.oid
where relkind in ('r', 'v', 'f', 'p') and relnamespace = {namespace zoo}::oid and contype in ('p', 'u', 'f', 'c', 'x') and connamespace = {namespace zoo}::oid;

select RU.oid from pg_catalog.pg_rewrite RU, pg_catalog.pg_class RC
where RC.oid = RU.ev_class and RC.relnamespace = {namespace zoo}::oid and not RU.rulename = '_RETURN';

select T.relkind as view_kind, T.oid as view_id, pg_catalog.pg_get_viewdef(T.oid, true) as source_text
from pg_catalog.pg_class T join pg_catalog.pg_namespace N on T.relnamespace = N.oid where N.oid = {namespace zoo}::oid and T.relkind in ('m', 'v');

with system_languages as (select oid as lang from pg_catalog.pg_language where lanname in ('c', 'internal'))
select oid as id, pg_catalog.pg_get_function_arguments(oid) as arguments_def, pg_catalog.pg_get_function_result(oid) as result_def,
  pg_catalog.pg_get_function_sqlbody(oid) as sqlbody_def, prosrc as source_text
from pg_catalog.pg_proc where pronamespace = {namespace zoo}::oid and not (prokind = 'a')
  and prolang not in (select lang from system_languages) and prosrc is not null;

select T.oid as object_id, T.relacl as acl from pg_catalog.pg_class T
where relnamespace = {namespace zoo}::oid and pg_catalog.age(T.xmin) <= pg_catalog.age('3'::varchar::xid)
union all select T.oid as object_id, T.proacl as acl from pg_catalog.pg_proc T
where pronamespace = {namespace zoo}::oid and pg_catalog.age(T.xmin) <= pg_catalog.age('3'::varchar::xid) order by object_id;

-- Opening a table.
select t.* from zoo.keepers t limit 501;

select c.oid, a.attnum, a.attname, c.relname, n.nspname, a.attnotnull or (t.typtype = 'd' and t.typnotnull), a.attidentity != '' or pg_catalog.pg_get_expr(d.adbin, d.adrelid) like '%nextval(%'
from pg_catalog.pg_class c join pg_catalog.pg_namespace n on (c.relnamespace = n.oid) join pg_catalog.pg_attribute a on (c.oid = a.attrelid)
  join pg_catalog.pg_type t on (a.atttypid = t.oid) left join pg_catalog.pg_attrdef d on (d.adrelid = a.attrelid and d.adnum = a.attnum)
  join (select {class zoo.keepers} as oid, 1 as attnum union all select {class zoo.keepers}, 2) vals on (c.oid = vals.oid and a.attnum = vals.attnum);
