import { Parts } from './parts.ts'
import type { Named, Type } from './relations.ts'

/** Values of each type, aggregates and conditions. */
export class Expressions extends Parts {
  protected condition(scope: readonly Named[], depth: number): string {
    const c = this.choices
    const text = () => this.expression('text', scope, depth - 1)
    const int = () => this.column('int', scope) ?? '1'
    switch (c.below(12)) {
      case 0:
      case 1:
        return `${int()} ${c.of('>', '=', '<>')} ${c.below(6)}`
      case 2:
        return `${int()} in (1, 2, 3, 5)`
      case 3:
        return `${this.column('text', scope) ?? "'x'"} ${c.of('=', '<>', '>')} 'City 1'`
      case 4:
        return `${this.column('text', scope) ?? "'x'"} like '%${c.of('1', 'a', 'z')}%'`
      case 5:
        return `${text()} ${c.of('=', '<')} ${text()}`
      case 6:
        return `${this.column('text', scope) ?? "'x'"} is ${c.of('not null', 'null')}`
      case 7:
        return `exists (select 1 from ${this.relation()} e where e.${c.of('id', 'city')} is not null)`
      case 8:
        return depth > 1
          ? `(${this.condition(scope, depth - 1)} ${c.of('and', 'or')} ${this.condition(scope, depth - 1)})`
          : 'true'
      case 9:
        return depth > 1 ? `not ${this.condition(scope, depth - 1)}` : 'true'
      case 10:
        return `${int()} in (select e.id from ${this.relation()} e${c.once(2) ? ` where e.city ${c.of('=', '>')} 'City 1'` : ''})`
      default:
        return this.expression('bool', scope, depth - 1)
    }
  }

  protected expression(type: Type, scope: readonly Named[], depth: number): string {
    const c = this.choices
    const column = this.column(type, scope)
    if (depth <= 0 || c.below(3) > 0) return column ?? constants[type]
    const inner = (of: Type) => this.expression(of, scope, depth - 1)
    const row = this.column('row', scope)
    switch (type) {
      case 'text':
        return this.any(
          () => `upper(${inner('text')})`,
          () => `${inner('text')} || ${inner('text')}`,
          () => `${inner(c.of('int', 'date', 'jsonb', 'text[]', 'bool'))}::text`,
          () => `coalesce(${inner('text')}, ${inner('text')})`,
          () => `case when ${this.condition(scope, depth - 1)} then ${inner('text')} else ${inner('text')} end`,
          () => `left(${inner('text')}, ${c.of('2', inner('int'))})`,
          () => `substr(${inner('text')}, 2, 2)`,
          () => `nullif(${inner('text')}, ${c.of("'x'", inner('text'))})`,
          () => `concat(${inner('text')}, ${inner('int')})`,
          () => `(${inner('jsonb')}) ->> 'a'`,
          () => `(${inner('text[]')})[1]`,
          () => `greatest(${inner('text')}, ${inner('text')})`,
          () => `first_value(${inner('text')}) over (order by ${this.column('int', scope) ?? '1'})`,
          () => `lag(${inner('text')}) over (${c.of('order by ', 'partition by ')}${inner('int')})`,
          () =>
            `(select max(e.city) from ${this.relation()} e${c.once(2) ? ` where e.id = ${this.column('int', scope) ?? '1'}` : ''})`,
          ...(this.open
            ? ([() => `md5(${inner('text')})`] as const)
            : ([
                () => `${row ?? "row('x')"}::text`,
                () => `twice(${inner('text')})`,
                () => `who(${this.column('int', scope) ?? '1'})`,
                () => `loud(${inner('text')})`,
                () => `(row(${inner('text')}, ${inner('text')})::pair).a`,
                () => `(select p.email from public.people p where p.id = ${c.of('1', this.column('int', scope) ?? '1')})`,
                () => `regexp_replace(${inner('text')}, 'a', 'b')`,
                () => `chr(ascii(${inner('text')}))`,
                () => `format('%s-%s', ${inner('text')}, ${inner('int')})`,
                () => `substring(${inner('text')} from '[a-m]+')`,
                () => `to_char(${inner('date')}, 'YYYY')`,
                () => `to_json(${inner('text')})::text`,
                () => `current_setting('application_name') || ${inner('text')}`,
              ] as const)),
        )
      case 'int':
        return this.any(
          () => `length(${inner('text')})`,
          () => `${this.column('int', scope) ?? '1'} + ${this.column('int', scope) ?? '1'}`,
          () => `case when ${this.condition(scope, depth - 1)} then 1 else 2 end`,
          () => `(row_number() over (order by ${this.column('int', scope) ?? '1'}${this.open ? ', 1' : ''}))::int`,
          () => `(count(*) over (partition by ${this.column('text', scope) ?? '1'}))::int`,
          () => `coalesce(${inner('int')}, 0)`,
          ...(this.open
            ? []
            : [
                () => `ascii(${inner('text')})`,
                () => `10 / (${inner('int')} - 3)`,
                () => `(${inner('text')})::int`,
                () => `cardinality(${inner('text[]')})`,
                () => `strpos(${inner('text')}, 'a')`,
                () => `hashtext(${inner('text')})`,
              ]),
        )
      case 'date':
        return this.any(
          () => `${inner('date')} + 1`,
          () => `coalesce(${inner('date')}, ${inner('date')})`,
          ...(this.open ? [] : [() => `to_date(${inner('text')}, 'YYYY')`, () => `date_trunc('month', ${inner('date')})::date`]),
        )
      case 'jsonb':
        return this.any(
          () => `jsonb_build_object('a', ${inner(c.of('text', 'int', 'date'))})`,
          () => `jsonb_build_array(${inner('text')}, ${inner('int')})`,
          () => `to_jsonb(${inner(c.of('text', 'int', 'text[]'))})`,
          () => `(${inner('jsonb')}) -> 'a'`,
          ...(this.open || row === null
            ? []
            : [
                () => `to_jsonb(${row})`,
                () => `row_to_json(${row})::jsonb`,
                () => `to_jsonb(${row}) -> 'email'`,
                () => `jsonb_path_query_first(${inner('jsonb')}, '$.a')`,
              ]),
        )
      case 'text[]':
        return this.any(
          () => `array[${inner('text')}, ${inner('text')}]`,
          () => `${inner('text[]')} || ${inner('text')}`,
          ...(this.open
            ? []
            : [() => `array(select email from public.people order by id)`, () => `string_to_array(${inner('text')}, 'a')`]),
        )
      case 'bool':
        return this.any(
          () => `(${inner('text')} is null)`,
          () => `(${inner('text')} = ${inner('text')})`,
          () => `(${inner('int')} > 3)`,
          () => `(${inner('text')} like 'a%')`,
          () => `(${inner('int')} between 1 and ${inner('int')})`,
          () => `(${inner('text')} in ('a', 'City 1'))`,
        )
      case 'row':
        return this.any(
          () => `row(${inner('text')}, ${inner('int')})`,
          () => row ?? 'row(1)',
          () => `row(${row ?? '1'}, 1)`,
        )
    }
  }

  protected aggregate(type: Type, scope: readonly Named[], depth: number): string {
    const c = this.choices
    const of = (inner: Type) => this.expression(inner, scope, depth - 1)
    const int = this.column('int', scope) ?? '1'
    const filter = c.once(4) ? ` filter (where ${this.condition(scope, 1)})` : ''
    const order = ` order by ${int}, ${int}::text${c.once(4) ? `, ${of('text')}` : ''}`
    switch (type) {
      case 'text':
        return this.any(
          () => `max(${of('text')})${filter}`,
          () => `min(${of('text')})`,
          ...(this.open
            ? []
            : [() => `string_agg(${of('text')}, ','${order})${filter}`, () => `mode() within group (order by ${of('text')})`]),
        )
      case 'int':
        return this.any(
          () => `count(*)${filter}`,
          () => `max(${of('int')})`,
          () => `count(${c.of('', 'distinct ')}${of('text')})${filter}`,
          () => `sum(${int})`,
        )
      case 'date':
        return `max(${of('date')})${filter}`
      case 'jsonb':
        return this.open
          ? `to_jsonb(count(*))`
          : c.of(`jsonb_agg(${of('text')}${order})`, `jsonb_object_agg(${int}, ${of('text')})`)
      case 'text[]':
        return this.open ? "array['x']" : `array_agg(${c.of('', 'distinct ')}${of('text')})${filter}`
      case 'bool':
        return `bool_and(${of('bool')})`
      case 'row':
        return this.open
          ? 'count(*)'
          : this.any(
              () => 'count(*)',
              () => `row(max(${of('text')}), 1)`,
            )
    }
  }
}

const constants: Readonly<Record<Type, string>> = {
  text: "'x'",
  int: '1',
  date: "date '2026-01-01'",
  jsonb: `'{"a": 1}'::jsonb`,
  'text[]': "array['x']",
  bool: 'true',
  row: "row(1, 'x')",
}
