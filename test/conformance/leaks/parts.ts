import type { Choices } from './choices.ts'
import { type Named, open, type Relation, secretive, type Type } from './relations.ts'

/** What every part of a statement is chosen of. */
export class Parts {
  protected readonly choices: Choices
  /** No masked column may be named. */
  protected readonly open: boolean
  protected readonly relations: readonly Relation[]
  #names = 0

  constructor(choices: Choices, isOpen: boolean) {
    this.choices = choices
    this.open = isOpen
    this.relations = isOpen ? open : secretive
  }

  protected aliased(relation: Relation | undefined, alias: string): readonly Named[] {
    const own = (relation?.columns ?? []).map(({ name, type }) => ({ name: `${alias}.${name}`, type }))
    return this.open ? own : [...own, { name: alias, type: 'row' }]
  }

  protected relation(): string {
    return this.open ? 'staff' : this.choices.of('staff', 'contacts', 'people', 'labels', 'swapped')
  }

  protected column(type: Type, scope: readonly Named[]): string | null {
    const fitting = scope.filter((column) => column.type === type).map(({ name }) => name)
    const [first, ...others] = fitting
    return first === undefined ? null : this.choices.of(first, ...others)
  }

  protected any(...options: readonly (() => string)[]): string {
    const option = options[this.choices.below(options.length)]
    if (option === undefined) throw new TypeError('nothing to choose from')
    return option()
  }

  /** One that was not there before. */
  protected name(): string {
    return `n${++this.#names}`
  }
}
