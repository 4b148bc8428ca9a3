import type { Choices } from './choices.ts'

/** `text`, `int`, `date`, `jsonb`, `text[]`, `bool`, or the row of a relation. */
type Type = 'text' | 'int' | 'date' | 'jsonb' | 'text[]' | 'bool' | 'row'

interface Named {
  /** As it is written. */
  readonly name: string
  readonly type: Type
}
interface Relation {
  readonly name: string
  readonly columns: readonly Named[]
}
interface Query {
  readonly sql: string
  readonly columns: readonly Named[]
}

const columns = (...words: readonly string[]): readonly Named[] =>
  words.map((word) => {
    const [name = '', type = 'text'] = word.split(':')
    return { name, type: type as Type }
  })

const secretive: readonly Relation[] = [
  {
    name: 'people',
    columns: columns('id:int', 'name', 'city', 'email', 'phone', 'born:date', 'score:int', 'profile:jsonb', 'tags:text[]'),
  },
  { name: 'orders', columns: columns('id:int', 'person_id:int', 'status', 'note', 'amount:int', 'day:date') },
  { name: 'staff', columns: columns('id:int', 'email', 'boss:int', 'city') },
  { name: '"Odd Names"', columns: columns('"Id":int', '"E Mail"', '"select"') },
  { name: 'contacts', columns: columns('id:int', 'address', 'city') },
  { name: 'labels', columns: columns('id:int', 'label', 'city') },
  { name: 'public.people', columns: columns('id:int', 'name', 'email', 'score:int', 'city') },
  { name: 'shadow.people', columns: columns('id:int', 'name', 'email', 'score:int', 'city') },
  { name: 'swapped', columns: columns('id:int', 'city', 'email') },
]
const open: readonly Relation[] = [
  { name: 'staff', columns: columns('id:int', 'email', 'boss:int', 'city') },
  { name: 'orders', columns: columns('id:int', 'person_id:int', 'status', 'amount:int', 'day:date') },
  { name: 'people', columns: columns('id:int', 'name', 'city') },
  { name: 'shadow.people', columns: columns('id:int', 'name', 'email', 'city') },
  { name: 'plain', columns: columns('id:int', 'name') },
]

/** Statements of one transaction; each is one query, or stands for nothing else. */
export interface Script {
  readonly statements: readonly string[]
  /** No masked column is named in any of them, and none comes along. */
  readonly open: boolean
}

/** A script that numbers choose. */
export function script(choices: Choices): Script {
  const isOpen = choices.once(4)
  return { statements: new Grammar(choices, isOpen).statements(), open: isOpen }
}

class Grammar {
  readonly #choices: Choices
  readonly #open: boolean
  readonly #relations: readonly Relation[]
  #names = 0

  constructor(choices: Choices, isOpen: boolean) {
    this.#choices = choices
    this.#open = isOpen
    this.#relations = isOpen ? open : secretive
  }

  statements(): readonly string[] {
    const c = this.#choices
    if (this.#open) return [this.#query(3).sql]
    const kind = c.below(26)
    if (kind < 16) return [this.#query(3).sql]
    if (kind === 16) return [this.#modification()]
    if (kind === 17) return [this.#merge()]
    if (kind === 18)
      return [
        `declare cur ${c.of('', 'binary ', 'scroll ')}cursor for ${this.#query(2).sql}`,
        `fetch ${c.of('2', 'all', 'last')} from cur`,
      ]
    if (kind === 19) return [`prepare prep as ${this.#query(2).sql}`, 'execute prep', 'deallocate prep']
    if (kind === 20)
      return [`copy (${this.#query(2).sql}) to stdout${c.of('', ' (format csv)', ' (format csv, header)', ' (format binary)')}`]
    if (kind === 21)
      return [
        `copy ${c.of('people', 'orders (id, note)', 'people (city, email, tags)', '"Odd Names"', 'shadow.people')} to stdout${c.of('', ' (format csv)', ' (format binary)')}`,
      ]
    if (kind === 22) return [this.#modification(), this.#query(2).sql]
    if (kind === 23) return [`set local search_path to ${c.of('shadow, public', 'shadow', 'public, shadow')}`, this.#query(2).sql]
    if (kind === 24) return [`explain (${c.of('costs off', 'costs off, verbose')}) ${this.#query(2).sql}`]
    if (c.below(3) > 0) return [`with moved as (${this.#modification()}) ${this.#query(2).sql}`]
    const made = this.#query(2)
    const store = c.of(
      'create table made',
      'create temp table made',
      'create view made',
      'create temp view made',
      'create materialized view made',
    )
    return [`${store} as ${made.sql}`, 'select * from made']
  }

  #modification(): string {
    const c = this.#choices
    const people = this.#aliased({ name: 'people', columns: secretive[0]?.columns ?? [] }, 'people')
    const returning = () =>
      c.once(4) ? '' : ` returning ${c.of('*', ...people.map(({ name }) => name), this.#expression('text', people, 2), 'people')}`
    const where = () => (c.once(3) ? ` where ${this.#condition(people, 2)}` : ` where people.id = ${c.below(9)}`)
    switch (c.below(5)) {
      case 0:
        return `update people set city = ${this.#expression('text', people, 2)}${where()}${returning()}`
      case 1:
        return `delete from people${where()}${returning()}`
      case 2:
        return `insert into people (id, city, email) values (${100 + c.below(9)}, 'x', ${c.of("'new'", 'null')})${c.of('', ' on conflict (id) do nothing', ' on conflict (id) do update set city = excluded.email')}${returning()}`
      case 3:
        return `update people set email = ${c.of('people.email', "'new'", 'people.phone', 'lower(people.email)', 'null')}${where()}${returning()}`
      default: {
        const { sql, columns: given } = this.#query(1)
        const text = given.find(({ type }) => type === 'text')
        return text === undefined
          ? `delete from orders where id = 1 returning ${c.of('*', 'note', 'orders')}`
          : `insert into staff (id, city) select 100 + row_number() over (), s.${text.name} from (${sql}) s returning *`
      }
    }
  }

  #merge(): string {
    const c = this.#choices
    const scope = [...this.#aliased(secretive[2], 't'), ...this.#aliased(secretive[0], 's')]
    const on = c.of('t.id = s.id', this.#condition(scope, 1))
    const action = c.of(
      'update set city = s.city',
      `update set city = ${this.#expression('text', scope, 1)}`,
      'delete',
      'do nothing',
    )
    return `merge into staff t using people s on ${on} when matched${c.once(3) ? ` and ${this.#condition(scope, 1)}` : ''} then ${action}`
  }

  #query(depth: number): Query {
    const c = this.#choices
    const kind = depth <= 0 ? 0 : c.below(10)
    if (kind === 7) return this.#setOperation(depth)
    if (kind === 8) return this.#withQuery(depth)
    if (kind === 9 && c.once(2)) return this.#recursive(depth)
    return this.#select(depth)
  }

  #setOperation(depth: number): Query {
    const c = this.#choices
    const types = Array.from({ length: 1 + c.below(2) }, () => c.of<Type>('text', 'int', 'date'))
    const left = this.#select(depth - 1, types)
    const right = this.#select(depth - 1, types)
    const order = c.once(3) ? ` order by ${c.of('1', left.columns[0]?.name ?? '1')}` : ''
    const operation = c.of('union all', 'union', 'intersect', 'except', 'except all')
    return { sql: `(${left.sql}) ${operation} (${right.sql})${order}`, columns: left.columns }
  }

  #withQuery(depth: number): Query {
    const c = this.#choices
    const inner = this.#query(depth - 1)
    const name = c.of(this.#name(), 'staff', 'orders')
    const renamed = inner.columns.map((column) => ({ ...column, name: this.#name() }))
    const isRenamed = c.once(2)
    const relation = { name, columns: isRenamed ? renamed : inner.columns }
    const outer = this.#select(depth - 1, undefined, relation)
    const list = isRenamed ? ` (${renamed.map((column) => column.name).join(', ')})` : ''
    return {
      sql: `with ${name}${list} as ${c.of('', 'materialized ', 'not materialized ')}(${inner.sql}) ${outer.sql}`,
      columns: outer.columns,
    }
  }

  #recursive(depth: number): Query {
    const c = this.#choices
    const start = this.#select(depth - 1, ['int', 'text', 'text'])
    const [a = '', b = ''] = [c.of('b', 'a'), c.of('a', 'b')]
    const end = c.of('', ' search depth first by n set o', ' cycle b set y using z')
    return {
      sql: `with recursive r(n, a, b) as ((${start.sql}) union ${c.of('all ', '')}select n + 100, ${a}, ${b} from r where n between 0 and 200)${end} select ${c.of('n, a', '*', 'b')} from r`,
      columns: columns('n:int', 'a', 'b').slice(0, 1),
    }
  }

  #select(depth: number, types?: readonly Type[], given?: Relation): Query {
    const c = this.#choices
    const { sql: from, scope, merged } = this.#from(depth, given)
    if (types === undefined && !this.#open && c.once(8)) {
      const star = c.of('*', ...new Set(scope.map(({ name }) => `${owner(name)}.*`)))
      const all = scope.filter(({ name, type }) => type !== 'row' && (star === '*' || star === `${owner(name)}.*`))
      const names = all.map(({ name, type }) => ({ name: name.slice(owner(name).length + 1), type }))
      const unique = names.filter(({ name }) => names.filter((other) => other.name === name).length === 1)
      return { sql: `select ${star} from ${from}${this.#rest(scope, depth)}`, columns: unique }
    }
    const wanted =
      types ??
      Array.from({ length: 1 + c.below(3) }, () => c.of<Type>('text', 'int', 'text', 'jsonb', 'date', 'text[]', 'bool', 'row'))
    if (c.once(7)) return this.#grouped(from, scope, wanted, depth)
    const outputs = wanted.map((type) => ({
      type,
      name: c.once(5) ? c.of('city', 'email', 'id') : this.#name(),
      value: this.#expression(type, scope, depth),
    }))
    if (merged !== null && outputs[0]?.type === merged.type && c.once(2)) outputs[0] = { ...outputs[0], value: merged.name }
    const list = outputs.map(({ name, value }) => `${value} as ${name}`).join(', ')
    const named = outputs.filter(({ name }) => outputs.filter((other) => other.name === name).length === 1)
    const first = outputs[0]
    const distinct = c.once(9) ? c.of('distinct ', `distinct on (${first?.value}) `) : ''
    const tail = c.once(5)
      ? ` order by ${c.of('1', first?.name ?? '1', first?.value ?? '1')}${c.of('', ' desc', ' nulls first')}`
      : ''
    return { sql: `select ${distinct}${list} from ${from}${this.#rest(scope, depth)}${tail}`, columns: named }
  }

  #grouped(from: string, scope: readonly Named[], wanted: readonly Type[], depth: number): Query {
    const c = this.#choices
    const key = this.#column('text', scope) ?? "'k'"
    const outputs = wanted.map((type) => ({
      type,
      name: this.#name(),
      value: type === 'text' && c.once(2) ? key : this.#aggregate(type, scope, depth),
    }))
    const group = c.of(key, `rollup (${key})`, `grouping sets ((${key}), ())`)
    const having = c.once(3) ? ` having ${c.of('count(*) > 0', `max(${key}) > 'a'`, `${key} is not null`)}` : ''
    const list = outputs.map(({ name, value }) => `${value} as ${name}`).join(', ')
    return {
      sql: `select ${list} from ${from} group by ${group}${having} order by min(${this.#column('int', scope) ?? '1'})`,
      columns: outputs,
    }
  }

  #rest(scope: readonly Named[], depth: number): string {
    return this.#choices.once(2) ? ` where ${this.#condition(scope, depth)}` : ''
  }

  #from(
    depth: number,
    given?: Relation,
  ): { readonly sql: string; readonly scope: readonly Named[]; readonly merged: Named | null } {
    const c = this.#choices
    const first = this.#item(depth, given)
    if (!c.once(3)) return { ...first, merged: null }
    const second = this.#item(depth - 1)
    const both = [...first.scope, ...second.scope]
    if (c.once(4)) {
      const lateral = this.#name()
      const value = this.#expression('text', first.scope, 1)
      const sql = `${first.sql}, lateral (select ${value} as v) ${lateral}`
      return { sql, scope: [...first.scope, { name: `${lateral}.v`, type: 'text' }], merged: null }
    }
    const shared = first.scope.filter(
      ({ name }) =>
        second.scope.some((other) => bare(other.name) === bare(name)) &&
        first.scope.filter((other) => bare(other.name) === bare(name)).length === 1,
    )
    const kind = c.of('join', 'left join', 'right join', 'full join')
    const common = shared.filter(({ type }) => type !== 'row')
    const chosen = c.of(
      common.find(({ name }) => bare(name) === 'id'),
      ...common,
    )
    if (chosen !== undefined && c.once(2)) {
      const column = bare(chosen.name)
      const joined = !this.#open && c.once(5) ? `natural ${kind} ${second.sql}` : `${kind} ${second.sql} using (${column})`
      return { sql: `${first.sql} ${joined}`, scope: both, merged: { name: column, type: chosen.type } }
    }
    if (c.once(4)) return { sql: `${first.sql} cross join ${second.sql}`, scope: both, merged: null }
    const [left, right] = [this.#column('int', first.scope) ?? '1', this.#column('int', second.scope) ?? '1']
    const on = c.of(`${left} = ${right}`, c.once(2) ? this.#condition(both, 1) : `${left} = ${right}`)
    return {
      sql: `${first.sql} ${on === `${left} = ${right}` ? kind : c.of('join', 'left join')} ${second.sql} on ${on}`,
      scope: both,
      merged: null,
    }
  }

  #item(depth: number, given?: Relation): { readonly sql: string; readonly scope: readonly Named[] } {
    const c = this.#choices
    const alias = this.#name()
    if (given !== undefined) return { sql: `${given.name} ${alias}`, scope: this.#aliased(given, alias) }
    if (depth > 1 && c.once(5)) {
      const inner = this.#query(depth - 1)
      return { sql: `(${inner.sql}) ${alias}`, scope: this.#aliased({ name: alias, columns: inner.columns }, alias) }
    }
    if (c.once(14))
      return {
        sql: `(values (1, 'a'), (2, ${c.once(3) && !this.#open ? '(select email from public.people where id = 1)' : "'b'"})) ${alias}(n, w)`,
        scope: this.#aliased({ name: '', columns: columns('n:int', 'w') }, alias),
      }
    const relation = c.of(...(this.#relations as [Relation, ...Relation[]]))
    if (!this.#open && c.once(9) && !relation.name.includes('people')) {
      const renamed = relation.columns.map((column) => ({ ...column, name: this.#name() }))
      return {
        sql: `${relation.name} as ${alias}(${renamed.map(({ name }) => name).join(', ')})`,
        scope: this.#aliased({ name: alias, columns: renamed }, alias),
      }
    }
    return { sql: `${relation.name} ${alias}`, scope: this.#aliased(relation, alias) }
  }

  #aliased(relation: Relation | undefined, alias: string): readonly Named[] {
    const own = (relation?.columns ?? []).map(({ name, type }) => ({ name: `${alias}.${name}`, type }))
    return this.#open ? own : [...own, { name: alias, type: 'row' }]
  }

  #condition(scope: readonly Named[], depth: number): string {
    const c = this.#choices
    const text = () => this.#expression('text', scope, depth - 1)
    const int = () => this.#column('int', scope) ?? '1'
    switch (c.below(12)) {
      case 0:
      case 1:
        return `${int()} ${c.of('>', '=', '<>')} ${c.below(6)}`
      case 2:
        return `${int()} in (1, 2, 3, 5)`
      case 3:
        return `${this.#column('text', scope) ?? "'x'"} ${c.of('=', '<>', '>')} 'City 1'`
      case 4:
        return `${this.#column('text', scope) ?? "'x'"} like '%${c.of('1', 'a', 'z')}%'`
      case 5:
        return `${text()} ${c.of('=', '<')} ${text()}`
      case 6:
        return `${this.#column('text', scope) ?? "'x'"} is ${c.of('not null', 'null')}`
      case 7:
        return `exists (select 1 from ${this.#relation()} e where e.${c.of('id', 'city')} is not null)`
      case 8:
        return depth > 1
          ? `(${this.#condition(scope, depth - 1)} ${c.of('and', 'or')} ${this.#condition(scope, depth - 1)})`
          : 'true'
      case 9:
        return depth > 1 ? `not ${this.#condition(scope, depth - 1)}` : 'true'
      case 10:
        return `${int()} in (select e.id from ${this.#relation()} e${c.once(2) ? ` where e.city ${c.of('=', '>')} 'City 1'` : ''})`
      default:
        return this.#expression('bool', scope, depth - 1)
    }
  }

  #relation(): string {
    return this.#open ? 'staff' : this.#choices.of('staff', 'contacts', 'people', 'labels', 'swapped')
  }

  #column(type: Type, scope: readonly Named[]): string | null {
    const fitting = scope.filter((column) => column.type === type).map(({ name }) => name)
    const [first, ...others] = fitting
    return first === undefined ? null : this.#choices.of(first, ...others)
  }

  #expression(type: Type, scope: readonly Named[], depth: number): string {
    const c = this.#choices
    const column = this.#column(type, scope)
    if (depth <= 0 || c.below(3) > 0) return column ?? constants[type]
    const inner = (of: Type) => this.#expression(of, scope, depth - 1)
    const row = this.#column('row', scope)
    switch (type) {
      case 'text':
        return this.#any(
          () => `upper(${inner('text')})`,
          () => `${inner('text')} || ${inner('text')}`,
          () => `${inner(c.of('int', 'date', 'jsonb', 'text[]', 'bool'))}::text`,
          () => `coalesce(${inner('text')}, ${inner('text')})`,
          () => `case when ${this.#condition(scope, depth - 1)} then ${inner('text')} else ${inner('text')} end`,
          () => `left(${inner('text')}, ${c.of('2', inner('int'))})`,
          () => `substr(${inner('text')}, 2, 2)`,
          () => `nullif(${inner('text')}, ${c.of("'x'", inner('text'))})`,
          () => `concat(${inner('text')}, ${inner('int')})`,
          () => `(${inner('jsonb')}) ->> 'a'`,
          () => `(${inner('text[]')})[1]`,
          () => `greatest(${inner('text')}, ${inner('text')})`,
          () => `first_value(${inner('text')}) over (order by ${this.#column('int', scope) ?? '1'})`,
          () => `lag(${inner('text')}) over (${c.of('order by ', 'partition by ')}${inner('int')})`,
          () =>
            `(select max(e.city) from ${this.#relation()} e${c.once(2) ? ` where e.id = ${this.#column('int', scope) ?? '1'}` : ''})`,
          ...(this.#open
            ? ([() => `md5(${inner('text')})`] as const)
            : ([
                () => `${row ?? "row('x')"}::text`,
                () => `twice(${inner('text')})`,
                () => `who(${this.#column('int', scope) ?? '1'})`,
                () => `loud(${inner('text')})`,
                () => `(row(${inner('text')}, ${inner('text')})::pair).a`,
                () => `(select p.email from public.people p where p.id = ${c.of('1', this.#column('int', scope) ?? '1')})`,
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
        return this.#any(
          () => `length(${inner('text')})`,
          () => `${this.#column('int', scope) ?? '1'} + ${this.#column('int', scope) ?? '1'}`,
          () => `case when ${this.#condition(scope, depth - 1)} then 1 else 2 end`,
          () => `(row_number() over (order by ${this.#column('int', scope) ?? '1'}${this.#open ? ', 1' : ''}))::int`,
          () => `(count(*) over (partition by ${this.#column('text', scope) ?? '1'}))::int`,
          () => `coalesce(${inner('int')}, 0)`,
          ...(this.#open
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
        return this.#any(
          () => `${inner('date')} + 1`,
          () => `coalesce(${inner('date')}, ${inner('date')})`,
          ...(this.#open ? [] : [() => `to_date(${inner('text')}, 'YYYY')`, () => `date_trunc('month', ${inner('date')})::date`]),
        )
      case 'jsonb':
        return this.#any(
          () => `jsonb_build_object('a', ${inner(c.of('text', 'int', 'date'))})`,
          () => `jsonb_build_array(${inner('text')}, ${inner('int')})`,
          () => `to_jsonb(${inner(c.of('text', 'int', 'text[]'))})`,
          () => `(${inner('jsonb')}) -> 'a'`,
          ...(this.#open || row === null
            ? []
            : [
                () => `to_jsonb(${row})`,
                () => `row_to_json(${row})::jsonb`,
                () => `to_jsonb(${row}) -> 'email'`,
                () => `jsonb_path_query_first(${inner('jsonb')}, '$.a')`,
              ]),
        )
      case 'text[]':
        return this.#any(
          () => `array[${inner('text')}, ${inner('text')}]`,
          () => `${inner('text[]')} || ${inner('text')}`,
          ...(this.#open
            ? []
            : [() => `array(select email from public.people order by id)`, () => `string_to_array(${inner('text')}, 'a')`]),
        )
      case 'bool':
        return this.#any(
          () => `(${inner('text')} is null)`,
          () => `(${inner('text')} = ${inner('text')})`,
          () => `(${inner('int')} > 3)`,
          () => `(${inner('text')} like 'a%')`,
          () => `(${inner('int')} between 1 and ${inner('int')})`,
          () => `(${inner('text')} in ('a', 'City 1'))`,
        )
      case 'row':
        return this.#any(
          () => `row(${inner('text')}, ${inner('int')})`,
          () => row ?? 'row(1)',
          () => `row(${row ?? '1'}, 1)`,
        )
    }
  }

  #aggregate(type: Type, scope: readonly Named[], depth: number): string {
    const c = this.#choices
    const of = (inner: Type) => this.#expression(inner, scope, depth - 1)
    const int = this.#column('int', scope) ?? '1'
    const filter = c.once(4) ? ` filter (where ${this.#condition(scope, 1)})` : ''
    const order = ` order by ${int}, ${int}::text${c.once(4) ? `, ${of('text')}` : ''}`
    switch (type) {
      case 'text':
        return this.#any(
          () => `max(${of('text')})${filter}`,
          () => `min(${of('text')})`,
          ...(this.#open
            ? []
            : [() => `string_agg(${of('text')}, ','${order})${filter}`, () => `mode() within group (order by ${of('text')})`]),
        )
      case 'int':
        return this.#any(
          () => `count(*)${filter}`,
          () => `max(${of('int')})`,
          () => `count(${c.of('', 'distinct ')}${of('text')})${filter}`,
          () => `sum(${int})`,
        )
      case 'date':
        return `max(${of('date')})${filter}`
      case 'jsonb':
        return this.#open
          ? `to_jsonb(count(*))`
          : c.of(`jsonb_agg(${of('text')}${order})`, `jsonb_object_agg(${int}, ${of('text')})`)
      case 'text[]':
        return this.#open ? "array['x']" : `array_agg(${c.of('', 'distinct ')}${of('text')})${filter}`
      case 'bool':
        return `bool_and(${of('bool')})`
      case 'row':
        return this.#open
          ? 'count(*)'
          : this.#any(
              () => 'count(*)',
              () => `row(max(${of('text')}), 1)`,
            )
    }
  }

  #any(...options: readonly (() => string)[]): string {
    const option = options[this.#choices.below(options.length)]
    if (option === undefined) throw new TypeError('nothing to choose from')
    return option()
  }

  #name(): string {
    return `n${++this.#names}`
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

function owner(name: string): string {
  return name.split('.')[0] ?? name
}

function bare(name: string): string {
  return name.slice(owner(name).length + 1)
}
