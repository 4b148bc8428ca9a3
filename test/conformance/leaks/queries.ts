import { Expressions } from './expressions.ts'
import { bare, columns, type Named, owner, type Relation, type Type } from './relations.ts'

/** A query and what it gives. */
export interface Query {
  readonly sql: string
  readonly columns: readonly Named[]
}

/** SELECT in all its forms. */
export class Queries extends Expressions {
  protected query(depth: number): Query {
    const c = this.choices
    const kind = depth <= 0 ? 0 : c.below(10)
    if (kind === 7) return this.setOperation(depth)
    if (kind === 8) return this.withQuery(depth)
    if (kind === 9 && c.once(2)) return this.recursive(depth)
    return this.select(depth)
  }

  protected setOperation(depth: number): Query {
    const c = this.choices
    const types = Array.from({ length: 1 + c.below(2) }, () => c.of<Type>('text', 'int', 'date'))
    const left = this.select(depth - 1, types)
    const right = this.select(depth - 1, types)
    const order = c.once(3) ? ` order by ${c.of('1', left.columns[0]?.name ?? '1')}` : ''
    const operation = c.of('union all', 'union', 'intersect', 'except', 'except all')
    return { sql: `(${left.sql}) ${operation} (${right.sql})${order}`, columns: left.columns }
  }

  protected withQuery(depth: number): Query {
    const c = this.choices
    const inner = this.query(depth - 1)
    const name = c.of(this.name(), 'staff', 'orders')
    const renamed = inner.columns.map((column) => ({ ...column, name: this.name() }))
    const isRenamed = c.once(2)
    const relation = { name, columns: isRenamed ? renamed : inner.columns }
    const outer = this.select(depth - 1, undefined, relation)
    const list = isRenamed ? ` (${renamed.map((column) => column.name).join(', ')})` : ''
    return {
      sql: `with ${name}${list} as ${c.of('', 'materialized ', 'not materialized ')}(${inner.sql}) ${outer.sql}`,
      columns: outer.columns,
    }
  }

  protected recursive(depth: number): Query {
    const c = this.choices
    const start = this.select(depth - 1, ['int', 'text', 'text'])
    const [a = '', b = ''] = [c.of('b', 'a'), c.of('a', 'b')]
    const end = c.of('', ' search depth first by n set o', ' cycle b set y using z')
    return {
      sql: `with recursive r(n, a, b) as ((${start.sql}) union ${c.of('all ', '')}select n + 100, ${a}, ${b} from r where n between 0 and 200)${end} select ${c.of('n, a', '*', 'b')} from r`,
      columns: columns('n:int', 'a', 'b').slice(0, 1),
    }
  }

  protected select(depth: number, types?: readonly Type[], given?: Relation): Query {
    const c = this.choices
    const { sql: from, scope, merged } = this.from(depth, given)
    if (types === undefined && !this.open && c.once(8)) {
      const star = c.of('*', ...new Set(scope.map(({ name }) => `${owner(name)}.*`)))
      const all = scope.filter(({ name, type }) => type !== 'row' && (star === '*' || star === `${owner(name)}.*`))
      const names = all.map(({ name, type }) => ({ name: name.slice(owner(name).length + 1), type }))
      const unique = names.filter(({ name }) => names.filter((other) => other.name === name).length === 1)
      return { sql: `select ${star} from ${from}${this.rest(scope, depth)}`, columns: unique }
    }
    const wanted =
      types ??
      Array.from({ length: 1 + c.below(3) }, () => c.of<Type>('text', 'int', 'text', 'jsonb', 'date', 'text[]', 'bool', 'row'))
    if (c.once(7)) return this.grouped(from, scope, wanted, depth)
    const outputs = wanted.map((type) => ({
      type,
      name: c.once(5) ? c.of('city', 'email', 'id') : this.name(),
      value: this.expression(type, scope, depth),
    }))
    if (merged !== null && outputs[0]?.type === merged.type && c.once(2)) outputs[0] = { ...outputs[0], value: merged.name }
    const list = outputs.map(({ name, value }) => `${value} as ${name}`).join(', ')
    const named = outputs.filter(({ name }) => outputs.filter((other) => other.name === name).length === 1)
    const first = outputs[0]
    const distinct = c.once(9) ? c.of('distinct ', `distinct on (${first?.value}) `) : ''
    const tail = c.once(5)
      ? ` order by ${c.of('1', first?.name ?? '1', first?.value ?? '1')}${c.of('', ' desc', ' nulls first')}`
      : ''
    return { sql: `select ${distinct}${list} from ${from}${this.rest(scope, depth)}${tail}`, columns: named }
  }

  protected grouped(from: string, scope: readonly Named[], wanted: readonly Type[], depth: number): Query {
    const c = this.choices
    const key = this.column('text', scope) ?? "'k'"
    const outputs = wanted.map((type) => ({
      type,
      name: this.name(),
      value: type === 'text' && c.once(2) ? key : this.aggregate(type, scope, depth),
    }))
    const group = c.of(key, `rollup (${key})`, `grouping sets ((${key}), ())`)
    const having = c.once(3) ? ` having ${c.of('count(*) > 0', `max(${key}) > 'a'`, `${key} is not null`)}` : ''
    const list = outputs.map(({ name, value }) => `${value} as ${name}`).join(', ')
    return {
      sql: `select ${list} from ${from} group by ${group}${having} order by min(${this.column('int', scope) ?? '1'})`,
      columns: outputs,
    }
  }

  protected rest(scope: readonly Named[], depth: number): string {
    return this.choices.once(2) ? ` where ${this.condition(scope, depth)}` : ''
  }

  protected from(
    depth: number,
    given?: Relation,
  ): { readonly sql: string; readonly scope: readonly Named[]; readonly merged: Named | null } {
    const c = this.choices
    const first = this.item(depth, given)
    if (!c.once(3)) return { ...first, merged: null }
    const second = this.item(depth - 1)
    const both = [...first.scope, ...second.scope]
    if (c.once(4)) {
      const lateral = this.name()
      const value = this.expression('text', first.scope, 1)
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
      const joined = !this.open && c.once(5) ? `natural ${kind} ${second.sql}` : `${kind} ${second.sql} using (${column})`
      return { sql: `${first.sql} ${joined}`, scope: both, merged: { name: column, type: chosen.type } }
    }
    if (c.once(4)) return { sql: `${first.sql} cross join ${second.sql}`, scope: both, merged: null }
    const [left, right] = [this.column('int', first.scope) ?? '1', this.column('int', second.scope) ?? '1']
    const on = c.of(`${left} = ${right}`, c.once(2) ? this.condition(both, 1) : `${left} = ${right}`)
    return {
      sql: `${first.sql} ${on === `${left} = ${right}` ? kind : c.of('join', 'left join')} ${second.sql} on ${on}`,
      scope: both,
      merged: null,
    }
  }

  protected item(depth: number, given?: Relation): { readonly sql: string; readonly scope: readonly Named[] } {
    const c = this.choices
    const alias = this.name()
    if (given !== undefined) return { sql: `${given.name} ${alias}`, scope: this.aliased(given, alias) }
    if (depth > 1 && c.once(5)) {
      const inner = this.query(depth - 1)
      return { sql: `(${inner.sql}) ${alias}`, scope: this.aliased({ name: alias, columns: inner.columns }, alias) }
    }
    if (c.once(14))
      return {
        sql: `(values (1, 'a'), (2, ${c.once(3) && !this.open ? '(select email from public.people where id = 1)' : "'b'"})) ${alias}(n, w)`,
        scope: this.aliased({ name: '', columns: columns('n:int', 'w') }, alias),
      }
    const relation = c.of(...(this.relations as [Relation, ...Relation[]]))
    if (!this.open && c.once(9) && !relation.name.includes('people')) {
      const renamed = relation.columns.map((column) => ({ ...column, name: this.name() }))
      return {
        sql: `${relation.name} as ${alias}(${renamed.map(({ name }) => name).join(', ')})`,
        scope: this.aliased({ name: alias, columns: renamed }, alias),
      }
    }
    return { sql: `${relation.name} ${alias}`, scope: this.aliased(relation, alias) }
  }
}
