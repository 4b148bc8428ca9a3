/** psql's variables by name. */
export type Variables = Map<string, string>

const word = /'((?:[^'\\]|\\.|'')*)'|"([^"]*)"|:\{\?(\w+)\}|:'(\w+)'|:"(\w+)"|:(\w+)|([^\s'":]+|:)/gy

/** The arguments of a backslash command, quotes taken off and variables put in. */
export function expandArguments(words: string, variables: Variables): string[] {
  const all: string[] = []
  let behindSpace = true
  for (let at = 0; at < words.length; ) {
    if (/\s/.test(words[at] ?? '')) {
      behindSpace = true
      at++
      continue
    }
    word.lastIndex = at
    const [whole = words[at] ?? '', literal, quoted, asked, asLiteral, asName, plain] = word.exec(words) ?? []
    at += whole.length
    const value = (name: string) => variables.get(name)
    let piece = whole
    if (literal !== undefined)
      piece = literal.replaceAll("''", "'").replaceAll(/\\(.)/g, (_, char) => (char === 'n' ? '\n' : char))
    else if (quoted !== undefined) piece = quoted
    else if (asked !== undefined) piece = String(variables.has(asked))
    else if (asLiteral !== undefined) piece = `'${(value(asLiteral) ?? '').replaceAll("'", "''")}'`
    else if (asName !== undefined) piece = `"${(value(asName) ?? '').replaceAll('"', '""')}"`
    else if (plain !== undefined) piece = value(plain) ?? whole
    if (behindSpace) all.push(piece)
    else all.push(`${all.pop() ?? ''}${piece}`)
    behindSpace = false
  }
  return all
}
