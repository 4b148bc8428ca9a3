/** Edits (insert, delete, replace, swap of neighbours) from one word to the other: optimal string alignment. */
function distance(a: string, b: string): number {
  let beforeLast: number[] = []
  let last = Array.from({ length: b.length + 1 }, (_, column) => column)
  for (let row = 1; row <= a.length; row++) {
    const current = [row]
    for (let column = 1; column <= b.length; column++) {
      const same = a[row - 1] === b[column - 1]
      let least = Math.min(at(last, column) + 1, at(current, column - 1) + 1, at(last, column - 1) + (same ? 0 : 1))
      if (row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1]) {
        least = Math.min(least, at(beforeLast, column - 2) + 1)
      }
      current.push(least)
    }
    beforeLast = last
    last = current
  }
  return at(last, b.length)
}

function at(row: readonly number[], column: number): number {
  return row[column] ?? Number.POSITIVE_INFINITY
}

/** The candidate that was probably meant: near in spelling (a third of its letters), or equal but for case. */
export function nearest(word: string, candidates: Iterable<string>): string | null {
  let best: string | null = null
  let bestDistance = Number.POSITIVE_INFINITY
  if (word.length > 64) return null
  for (const candidate of candidates) {
    const edits = distance(word.toLowerCase(), candidate.toLowerCase())
    if (edits < bestDistance && edits <= Math.max(1, Math.floor(candidate.length / 3))) {
      best = candidate
      bestDistance = edits
    }
  }
  return best
}

/** Words for a message: the near miss if there is one, and what is allowed. */
export function suggestion(word: string, allowed: readonly string[]): string {
  const near = nearest(word, allowed)
  const list = `Allowed: ${allowed.join(', ')}.`
  return near === null ? list : `Did you mean ${near}? ${list}`
}
