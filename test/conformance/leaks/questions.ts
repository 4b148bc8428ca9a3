import type { Choices } from './choices.ts'
import type { Sent } from './worlds.ts'

/*
 * Values of masked columns, and the same ones renamed. Names differ in order, length and letters, not in being equal, in any case or as written. The
 * last two are stored nowhere.
 */
const names: readonly (readonly string[])[] = [
  ['ada@mail.example', 'bob', 'Bob', '11', 'nobody', 'zz'],
  ['q', 'zoe.zimmer@mail.example', 'Zoe.Zimmer@mail.example', '7070', 'b', 'ada'],
]

/** Gives masked columns these names; some of the values are in several columns and rows, one is null. */
export function renamedValues(world: number): readonly string[] {
  const list = `(array[${(names[world - 1] ?? []).map((name) => `'${name}'`).join(', ')}])`
  return [
    `update people set email = case when id <> 7 then ${list}[1 + id % 4] end, phone = ${list}[1 + id % 3]`,
    `update orders set note = ${list}[1 + (id + 1) % 4]`,
    `update "Odd Names" set "E Mail" = ${list}["Id"]`,
  ]
}

/** A statement that compares masked columns with constants, parameters, each other, and in ways that say more of them than being equal. */
export function question(choices: Choices, world: number): Sent {
  return new Questions(choices, names[world - 1] ?? []).ask()
}

const masked = ['p.email', 'p.phone', 'o.note'] as const

class Questions {
  readonly #choices: Choices
  readonly #names: readonly string[]
  readonly #isPrepared: boolean
  #hasParameters = false

  constructor(choices: Choices, own: readonly string[]) {
    this.#choices = choices
    this.#names = own
    this.#isPrepared = choices.once(2)
  }

  ask(): Sent {
    const c = this.#choices
    const condition = this.#condition(2)
    const output = this.#output()
    const from = c.of('people p, orders o where p.id = o.id and', `people p join orders o on ${this.#condition(1)} where`)
    const end = c.once(6) ? c.of(' order by p.id', ` order by ${this.#column()}`, ` limit ${1 + c.below(3)}`) : ''
    const text = `select p.id, ${output} from ${from} ${condition}${end}`
    if (!this.#hasParameters) return { text }
    return { text, parameters: Array.from({ length: 1 + c.below(3) }, () => [this.#value(), c.once(5) ? null : this.#value()]) }
  }

  #output(): string {
    const c = this.#choices
    switch (c.below(6)) {
      case 0:
        return 'o.status'
      case 1:
        return this.#column()
      case 2:
        return `${this.#column()} = ${this.#constant()}`
      case 3:
        return `case when ${this.#condition(1)} then ${this.#column()} else p.city end`
      case 4:
        return `(select count(*) from orders i where i.note = ${this.#column()})`
      default:
        return c.of(`upper(${this.#column()})`, `length(${this.#column()})`, `coalesce(${this.#column()}, ${this.#constant()})`)
    }
  }

  #condition(depth: number): string {
    const c = this.#choices
    const column = this.#column()
    switch (c.below(depth > 0 ? 13 : 9)) {
      case 0:
        return `${column} = ${this.#constant()}`
      case 1:
        return `${column} in (${this.#constant()}, ${this.#constant()})`
      case 2:
        return `${column} = ${this.#column()}`
      case 3:
        return `${column} is ${c.of('', 'not ')}null`
      case 4:
        return `${column} = any (array[${this.#constant()}, ${this.#constant()}])`
      case 5:
        return `${column} in (select i.note from orders i where i.id < 3)`
      case 6:
        return `${column} is ${c.of('', 'not ')}distinct from ${this.#constant()}`
      case 7:
        return this.#more(column)
      case 8:
        return `${c.of('lower', 'upper')}(${column}) = ${this.#constant()}`
      case 9:
        return `${column} <> ${this.#constant()}`
      case 10:
        return `not (${this.#condition(depth - 1)})`
      default:
        return `(${this.#condition(depth - 1)} ${c.of('and', 'or')} ${this.#condition(depth - 1)})`
    }
  }

  /** What is more than a question for equality. */
  #more(column: string): string {
    return this.#choices.of(
      `${column} < ${this.#constant()}`,
      `${column} like 'a%'`,
      `length(${column}) > 3`,
      `left(${column}, 1) = ${this.#constant()}`,
      `${column} || '' = ${this.#constant()}`,
      `${column} between ${this.#constant()} and ${this.#constant()}`,
      `(${column}, p.id) > (${this.#constant()}, 2)`,
      `${column} collate "C" >= ${this.#column()}`,
      `${column} ~ '^[a-m]'`,
      `${column} = (select max(i.note) from orders i)`,
      `hashtext(${column}) > 0`,
    )
  }

  #column(): string {
    return this.#choices.of(...masked)
  }

  #value(): string {
    return this.#names[this.#choices.below(this.#names.length)] ?? ''
  }

  #constant(): string {
    if (!this.#isPrepared) return `'${this.#value()}'`
    this.#hasParameters = true
    return this.#choices.of('$1::text', '$2::text')
  }
}
