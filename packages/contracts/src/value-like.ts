/**
 * Whether a name looks like somebody's data: values in the place of names are a common mistake (`where email = "ada@example.com"`), and a
 * record or an error that repeats the name would repeat the value.
 */
export function looksLikeValue(name: string): boolean {
  return /['@]/.test(name) || name.replaceAll(/\D/g, '').length >= 7
}

/** An error's words without the quoted names and pieces of a statement in them that look like data. */
export function withoutValues(words: string): string {
  const hide = (quoted: string, inside: string) => (looksLikeValue(inside) ? '"[masked]"' : quoted)
  // A piece of the statement is not escaped: it ends where the words end.
  return words.replace(/(?<=at or near )"(.*)"/s, hide).replaceAll(/"([^"]*)"/g, hide)
}
