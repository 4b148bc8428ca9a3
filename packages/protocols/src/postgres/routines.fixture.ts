/** Functions and procedures that the cases call: `schema.name(parameters)` and the rest of CREATE FUNCTION. */
export const routines: readonly string[] = [
  // Plain ones
  'public.double(n int) returns int language sql as $$ select n * 2 $$',
  'public.greeting(name text) returns text language plpgsql as $$ begin return $x$Hello $x$ || upper(name); end $$',
  'public.email_of(customer int) returns text language sql as $$ select email from customers where id = customer $$',
  'public.mask_email(address text) returns text language plpgsql as $$ declare part text := right(address, 4); begin if part is null then return null; end if; return part; end $$',
  'public.atomic_total(customer int) returns numeric language sql begin atomic select sum(o.total) from public.orders o where o.customer_id = customer; end',
  'public.atomic_double(n int) returns int language sql return n * 2',
  'public.all_customers() returns setof customers language sql as $$ select * from customers $$',
  'public.names_like(pattern text) returns table (id int, name text) language plpgsql as $$ begin return query select c.id, c.name from customers c where c.name like pattern; end $$',
  // Writes
  'public.forget(customer int) returns void language sql as $$ delete from cards where customer_id = customer; delete from customers where id = customer $$',
  'public.wipe() returns void language plpgsql as $$ begin delete from orders; end $$',
  'public.log_email(customer int) returns void language plpgsql as $$ declare found_email text; begin select email into found_email from customers where id = customer; insert into staging (body) values (found_email); end $$',
  'public.log_text(line text) returns void language sql as $$ insert into staging (body) values (line) $$',
  'public.next_order() returns bigint language sql as $$ select nextval($x$order_ids$x$) $$',
  'public.each_order() returns int language plpgsql as $$ declare r record; total int := 0; begin for r in select * from orders loop total := total + 1; update orders set note = r.note where id = r.id; end loop; return total; end $$',
  'public.add_order(customer int, amount numeric default 0, note text default null) returns int language plpgsql as $$ declare made int; begin insert into orders (customer_id, total, note) values (customer, amount, note) returning id into made; return made; end $$',
  'public.cte_write() returns int language sql as $$ with gone as (delete from orders where total = 0 returning id) insert into staging (id) select id from gone returning id $$',
  'public.by_default(n int default cte_write()) returns int language plpgsql as $$ begin return n; end $$',
  'public.merge_staging() returns void language plpgsql as $$ begin merge into customers c using staging s on s.id = c.id when matched then update set email = s.email when not matched then insert (id, email) values (s.id, s.email); end $$',
  'public.lock_customer(customer int) returns void language sql as $$ select 1 from customers where id = customer for update $$',
  'public.empty_orders() returns void language sql as $$ truncate orders $$',
  'public.with_handler() returns void language plpgsql as $$ begin insert into orders (id) values (1); exception when unique_violation then delete from staging where id = 1; when others then raise notice $x$%$x$, sqlerrm; end $$',
  'public.everything(a int) returns int language plpgsql as $$ begin if a > 1 then perform double(a); elsif a = 1 then delete from staging where id = a; else delete from archive.customers where id = a; end if; case a when 1 then update orders set total = 1 where id = 1; else update cards set expires = null where id = 1; end case; while a < 1 loop insert into customers (id) values (a); end loop; foreach a in array array[1] loop null; end loop; loop exit when a > 2; end loop; for a in 1..double(3) loop continue; end loop; return a; end $$',
  'public.in_case_else(a int) returns void language plpgsql as $$ begin case a when 1 then null; else delete from staging where id = a; end case; end $$',
  // Cursors
  'public.by_cursor() returns void language plpgsql as $$ declare c cursor (k int) for select * from customers where id = k; r record; begin open c(double(1)); fetch c into r; update orders set note = r.name where id = r.id; close c; end $$',
  'public.open_cursor() returns refcursor language plpgsql as $$ declare c refcursor; begin open c for select number from cards; return c; end $$',
  'public.move_cursor() returns void language plpgsql as $$ declare c cursor for select id from orders; begin for r in c loop delete from orders where current of c; end loop; end $$',
  // Dynamic SQL
  'public.dynamic_constant() returns void language plpgsql as $$ begin execute $x$delete from orders$x$; end $$',
  'public.dynamic_parts() returns void language plpgsql as $$ declare target constant text := $x$orders$x$; begin execute $x$delete from $x$ || quote_ident(target) || $x$ where id = 1$x$; end $$',
  'public.dynamic_format(wanted text) returns void language plpgsql as $$ begin execute format($x$update customers set name = %L where id = $1$x$, wanted) using 1; end $$',
  'public.dynamic_variable(target text) returns void language plpgsql as $$ begin execute $x$delete from $x$ || target; end $$',
  'public.dynamic_ident(target text) returns void language plpgsql as $$ begin execute format($x$truncate %I$x$, target); end $$',
  "public.dynamic_in_quotes(wanted text) returns void language plpgsql as $$ begin execute format($x$update customers set name = $x$ || $y$'%L'$y$, wanted); end $$",
  'public.dynamic_query() returns setof text language plpgsql as $$ begin return query execute $x$select email from customers$x$; end $$',
  'public.dynamic_loop() returns void language plpgsql as $$ declare r record; begin for r in execute $x$select id from orders$x$ loop delete from staging where id = r.id; end loop; end $$',
  'public.dynamic_into(wanted text) returns text language plpgsql as $$ declare found_one text; begin execute $x$select email from customers where name = $1$x$ into found_one using wanted; return found_one; end $$',
  'public.dynamic_cursor(query text) returns void language plpgsql as $$ declare c refcursor; begin open c for execute query; end $$',
  'public.dynamic_ddl() returns void language plpgsql as $$ begin execute $x$create table public.made (id int)$x$; end $$',
  // One that calls another
  'public.outer_call(customer int) returns void language plpgsql as $$ begin perform forget(customer); end $$',
  'public.factorial(n int) returns int language plpgsql as $$ begin if n < 2 then return 1; end if; return n * factorial(n - 1); end $$',
  'public.ping(n int) returns int language plpgsql as $$ begin delete from staging where id = n; return pong(n - 1); end $$',
  'public.pong(n int) returns int language plpgsql as $$ begin delete from archive.customers where id = n; if n < 0 then return 0; end if; return ping(n); end $$',
  'public.calls_risk(t text) returns text language plpgsql as $$ begin return risk(t); end $$',
  'public.calls_missing() returns void language plpgsql as $$ begin perform not_there(1); end $$',
  'public.pretends() returns int language sql immutable as $$ select wipe(); select 1 $$',
  // Overloads
  'public.tidy(customer int) returns void language sql as $$ select 1 $$',
  'public.tidy(customer int, really bool) returns void language sql as $$ delete from customers where id = customer $$',
  'public.tidy(customer int, note text) returns void language sql as $$ update orders set note = note where customer_id = customer $$',
  'public.any_number(variadic ids int[]) returns void language sql as $$ delete from orders where id = any (ids) $$',
  'public.version(a int) returns int language sql as $$ delete from orders where id = a returning id $$',
  // Procedures
  'public.settle(customer int) language plpgsql as $$ begin update orders set total = 0 where customer_id = customer; commit; delete from staging where id = customer; rollback; end $$',
  'public.nested_call(customer int) language plpgsql as $$ begin call settle(customer); do $x$ begin delete from archive.customers where id = 1; end $x$; end $$',
  'public.with_out(inout total int) language plpgsql as $$ begin total := total + 1; end $$',
  // Names
  'public.elsewhere() returns text language sql set search_path to archive as $$ select email from customers limit 1 $$',
  'public.secured() returns text language sql security definer set search_path to pg_catalog as $$ select email from public.customers limit 1 $$',
  'public.as_user() returns text language sql set search_path to "$user", public as $$ select email from customers limit 1 $$',
  'archive.inner_call() returns text language sql as $$ select public.email_of(1) $$',
  'public.shadowed(email text) returns text language plpgsql as $$ declare number text; begin select c.email into number from customers c where c.name = email; return number; end $$',
  'public.use_variable(number text) returns text language plpgsql as $$ #variable_conflict use_variable\n begin insert into staging (body) select number from cards; return 1; end $$',
  'public.row_typed() returns text language plpgsql as $$ declare r customers%rowtype; e customers.email%type; begin select * into r from customers limit 1; r.name := $x$a$x$; e := r.email; return e; end $$',
  // The session, definitions and what is not read
  'public.sets_path() returns void language plpgsql as $$ begin set search_path to archive; end $$',
  'public.configures() returns void language plpgsql as $$ begin perform set_config($x$search_path$x$, $x$archive$x$, false); end $$',
  'public.sets_timeout() returns void language plpgsql as $$ begin set local statement_timeout = 1000; end $$',
  'public.names_itself() returns void language plpgsql as $$ begin set application_name = $x$other$x$; end $$',
  'public.temporary_work() returns int language plpgsql as $$ begin create temp table work as select id from orders; delete from work where id = 1; return (select count(*) from work); end $$',
  'public.makes_table() returns void language plpgsql as $$ begin create table public.made (id int); insert into made values (1); end $$',
  'public.drops() returns void language plpgsql as $$ begin drop table orders; end $$',
  'public.grants() returns void language plpgsql as $$ begin grant select on customers to public; end $$',
  'public.reads_file() returns text language plpgsql as $$ begin return pg_read_file($x$PG_VERSION$x$); end $$',
  'public.copies() returns void language plpgsql as $$ begin copy customers to program $x$cat$x$; end $$',
  'public.notifies(t text) returns void language plpgsql as $$ begin notify news; perform pg_notify($x$news$x$, t); end $$',
  'public.broken() returns void language plpgsql as $$ begin selec 1; end $$',
  'public.broken_sql() returns void language sql as $$ select from from $$',
  'public.in_python() returns void language plpython3u as $$ import os $$',
  // Triggers
  'public.keep_audit() returns trigger language plpgsql as $$ begin insert into audit (id, what, who) values (old.id, old.secret, current_user); return new; end $$',
  'public.stamp() returns trigger language plpgsql as $$ begin new.changed_at := now(); return new; end $$',
  'public.bump() returns trigger language plpgsql as $$ begin new.version := new.version + 1; return new; end $$',
  'public.take_email() returns trigger language plpgsql as $$ begin select email into new.note from customers where id = new.id; return new; end $$',
  'public.take_row() returns trigger language plpgsql as $$ declare r record; begin select * into r from cards limit 1; return r; end $$',
  'public.count_rows() returns trigger language plpgsql as $$ begin insert into audit (id) select count(*) from changed_rows; return null; end $$',
  'public.clean_up() returns trigger language plpgsql as $$ begin perform forget(old.id); return old; end $$',
  'public.may_see(person text) returns bool language sql as $$ select exists (select 1 from customers where name = person) $$',
  'public.next_code() returns text language plpgsql as $$ begin insert into audit (what) values ($x$code$x$); return $x$x$x$; end $$',
  'public.fits(body text) returns bool language plpgsql immutable as $$ begin return length(body) > 1; end $$',
]

/** What follows CREATE TRIGGER, as the server prints it. */
export const triggers: readonly string[] = [
  'keep AFTER UPDATE OR DELETE ON public.audited FOR EACH ROW EXECUTE FUNCTION public.keep_audit()',
  'stamp BEFORE INSERT OR UPDATE ON public.audited FOR EACH ROW WHEN ((new.id > 0)) EXECUTE FUNCTION public.stamp()',
  'emptied BEFORE TRUNCATE ON public.audited FOR EACH STATEMENT EXECUTE FUNCTION public.clean_up()',
  'titled AFTER UPDATE OF name ON public.parents FOR EACH ROW EXECUTE FUNCTION public.clean_up()',
  'bump BEFORE UPDATE ON public.bumped FOR EACH ROW EXECUTE FUNCTION public.bump()',
  'take BEFORE INSERT ON public.bumped FOR EACH ROW EXECUTE FUNCTION public.take_email()',
  'swap BEFORE DELETE ON public.bumped FOR EACH ROW EXECUTE FUNCTION public.take_row()',
  'counted AFTER INSERT ON public.children REFERENCING NEW TABLE AS changed_rows FOR EACH STATEMENT EXECUTE FUNCTION public.count_rows()',
  'gone AFTER DELETE ON public.grandchildren FOR EACH ROW EXECUTE FUNCTION public.clean_up()',
  'foreign_code BEFORE INSERT ON public.foreign_code FOR EACH ROW EXECUTE FUNCTION public.dblink()',
  "guard AFTER INSERT ON public.checked FOR EACH ROW WHEN (public.risk(new.body) = 'x') EXECUTE FUNCTION public.stamp()",
]

/** Table, name, and what follows CREATE RULE, as the server prints it. */
export const rules: readonly (readonly [string, string, string])[] = [
  ['ruled', 'also', 'also AS ON INSERT TO public.ruled DO INSERT INTO public.audit (id, what) VALUES (new.id, random())'],
  [
    'ruled',
    'moved',
    'moved AS ON UPDATE TO public.ruled WHERE (public.may_see(new.what)) DO INSTEAD UPDATE public.customers SET name = old.what WHERE (customers.id = old.id)',
  ],
  ['ruled', 'told', 'told AS ON DELETE TO public.ruled DO INSTEAD SELECT customers.email FROM public.customers'],
]

/** Referenced table, the table that refers to it, and what becomes of its rows on DELETE and UPDATE. */
export const foreignKeys: readonly (readonly [string, string, string, string])[] = [
  ['parents', 'children', 'c', 'a'],
  ['parents', 'nullable', 'n', 'c'],
  ['parents', 'kept', 'a', 'a'],
  ['children', 'grandchildren', 'c', 'a'],
]

/** Table, occasion, column, kind, schema and name of what is attached to it. */
export const attached: readonly (readonly [string, string, string | null, string, string, string])[] = [
  ['numbered', 'default', 'id', 'sequence', 'public', 'order_ids'],
  ['numbered', 'default', 'code', 'function', 'public', 'next_code'],
  ['numbered', 'write', 'label', 'function', 'public', 'double'],
  ['guarded', 'policy', null, 'function', 'public', 'may_see'],
  ['checked', 'write', null, 'function', 'public', 'fits'],
]
