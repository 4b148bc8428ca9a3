import type { Choices } from './choices.ts'
import { Queries } from './queries.ts'
import { secretive } from './relations.ts'

/** Statements of one transaction; each is one query, or stands for nothing else. */
export interface Script {
  readonly statements: readonly string[]
  /** No masked column is named in any of them, and none comes along. */
  readonly open: boolean
}

/** A script that numbers choose. */
export function script(choices: Choices): Script {
  const isOpen = choices.once(4)
  return { statements: new Statements(choices, isOpen).statements(), open: isOpen }
}

class Statements extends Queries {
  statements(): readonly string[] {
    const c = this.choices
    if (this.open) return [this.query(3).sql]
    const kind = c.below(26)
    if (kind < 16) return [this.query(3).sql]
    if (kind === 16) return [this.#modification()]
    if (kind === 17) return [this.#merge()]
    if (kind === 18)
      return [
        `declare cur ${c.of('', 'binary ', 'scroll ')}cursor for ${this.query(2).sql}`,
        `fetch ${c.of('2', 'all', 'last')} from cur`,
      ]
    if (kind === 19) return [`prepare prep as ${this.query(2).sql}`, 'execute prep', 'deallocate prep']
    if (kind === 20)
      return [`copy (${this.query(2).sql}) to stdout${c.of('', ' (format csv)', ' (format csv, header)', ' (format binary)')}`]
    if (kind === 21)
      return [
        `copy ${c.of('people', 'orders (id, note)', 'people (city, email, tags)', '"Odd Names"', 'shadow.people')} to stdout${c.of('', ' (format csv)', ' (format binary)')}`,
      ]
    if (kind === 22) return [this.#modification(), this.query(2).sql]
    if (kind === 23) return [`set local search_path to ${c.of('shadow, public', 'shadow', 'public, shadow')}`, this.query(2).sql]
    if (kind === 24) return [`explain (${c.of('costs off', 'costs off, verbose')}) ${this.query(2).sql}`]
    if (c.below(3) > 0) return [`with moved as (${this.#modification()}) ${this.query(2).sql}`]
    const made = this.query(2)
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
    const c = this.choices
    const people = this.aliased({ name: 'people', columns: secretive[0]?.columns ?? [] }, 'people')
    const returning = () =>
      c.once(4) ? '' : ` returning ${c.of('*', ...people.map(({ name }) => name), this.expression('text', people, 2), 'people')}`
    const where = () => (c.once(3) ? ` where ${this.condition(people, 2)}` : ` where people.id = ${c.below(9)}`)
    switch (c.below(5)) {
      case 0:
        return `update people set city = ${this.expression('text', people, 2)}${where()}${returning()}`
      case 1:
        return `delete from people${where()}${returning()}`
      case 2:
        return `insert into people (id, city, email) values (${100 + c.below(9)}, 'x', ${c.of("'new'", 'null')})${c.of('', ' on conflict (id) do nothing', ' on conflict (id) do update set city = excluded.email')}${returning()}`
      case 3:
        return `update people set email = ${c.of('people.email', "'new'", 'people.phone', 'lower(people.email)', 'null')}${where()}${returning()}`
      default: {
        const { sql, columns: given } = this.query(1)
        const text = given.find(({ type }) => type === 'text')
        return text === undefined
          ? `delete from orders where id = 1 returning ${c.of('*', 'note', 'orders')}`
          : `insert into staff (id, city) select 100 + row_number() over (), s.${text.name} from (${sql}) s returning *`
      }
    }
  }

  #merge(): string {
    const c = this.choices
    const scope = [...this.aliased(secretive[2], 't'), ...this.aliased(secretive[0], 's')]
    const on = c.of('t.id = s.id', this.condition(scope, 1))
    const action = c.of(
      'update set city = s.city',
      `update set city = ${this.expression('text', scope, 1)}`,
      'delete',
      'do nothing',
    )
    return `merge into staff t using people s on ${on} when matched${c.once(3) ? ` and ${this.condition(scope, 1)}` : ''} then ${action}`
  }
}
