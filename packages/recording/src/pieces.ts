/** Pieces that are shorter than this on average are copied together: by themselves each costs more than its bytes do. */
const smallPiece = 4096

export function lengthOf(pieces: readonly Uint8Array[]): number {
  let length = 0
  for (const piece of pieces) length += piece.length
  return length
}

/** The same bytes in groups of at most `most` bytes, in order; none is empty. Large pieces are not copied. */
export function* grouped(pieces: readonly Uint8Array[], most: number): Generator<readonly Uint8Array[], void, void> {
  const whole = compact(pieces)
  if (lengthOf(whole) <= most) {
    if (whole.length > 0) yield whole
    return
  }
  let group: Uint8Array[] = []
  let room = most
  for (const piece of whole) {
    for (let from = 0; from < piece.length; ) {
      const part = piece.subarray(from, from + room)
      group.push(part)
      from += part.length
      room -= part.length
      if (room > 0) continue
      yield group
      group = []
      room = most
    }
  }
  if (group.length > 0) yield group
}

function compact(pieces: readonly Uint8Array[]): readonly Uint8Array[] {
  const filled = pieces.every(({ length }) => length > 0) ? pieces : pieces.filter(({ length }) => length > 0)
  if (filled.length < 2 || lengthOf(filled) >= filled.length * smallPiece) return filled
  return [Buffer.concat(filled)]
}
