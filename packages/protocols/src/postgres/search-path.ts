/** A search path as a session has it: the setting, and who `$user` is. */
export interface SearchPath {
  /** Null: the default; `unseen`: something that nobody here could read has run since it was known. */
  readonly schemas: readonly string[] | null | 'unseen'
  readonly user: string
}

/** The value of search_path as a list: names, quoted or folded to lower case, between commas. Null: no server takes it. */
export function schemasOf(value: string): readonly string[] | null {
  const schemas: string[] = []
  const name = /\s*(?:"((?:[^"]|"")*)"|([^\s,"]+))\s*(,|$)/y
  if (value.trim() === '') return schemas
  for (let last = 0; last < value.length; last = name.lastIndex) {
    const found = name.exec(value)
    if (!found) return null
    schemas.push(found[1]?.replaceAll('""', '"') ?? found[2]?.toLowerCase() ?? '')
    if (found[3] === '') return name.lastIndex === value.length ? schemas : null
  }
  return null
}
