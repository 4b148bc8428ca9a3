/** `text`, `int`, `date`, `jsonb`, `text[]`, `bool`, or the row of a relation. */
export type Type = 'text' | 'int' | 'date' | 'jsonb' | 'text[]' | 'bool' | 'row'

export interface Named {
  /** As it is written. */
  readonly name: string
  readonly type: Type
}
export interface Relation {
  readonly name: string
  readonly columns: readonly Named[]
}

/** `name:type`; `text` where nothing is said. */
export const columns = (...words: readonly string[]): readonly Named[] =>
  words.map((word) => {
    const [name = '', type = 'text'] = word.split(':')
    return { name, type: type as Type }
  })

/** Some of their columns are masked, or made of masked ones. */
export const secretive: readonly Relation[] = [
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
/** Without their masked columns. */
export const open: readonly Relation[] = [
  { name: 'staff', columns: columns('id:int', 'email', 'boss:int', 'city') },
  { name: 'orders', columns: columns('id:int', 'person_id:int', 'status', 'amount:int', 'day:date') },
  { name: 'people', columns: columns('id:int', 'name', 'city') },
  { name: 'shadow.people', columns: columns('id:int', 'name', 'email', 'city') },
  { name: 'plain', columns: columns('id:int', 'name') },
]

/** The alias of `alias.column`. */
export function owner(name: string): string {
  return name.split('.')[0] ?? name
}

/** The column of `alias.column`. */
export function bare(name: string): string {
  return name.slice(owner(name).length + 1)
}
