/** One element as it stands in an array; null is NULL. */
type MaskElement = (element: Buffer) => Buffer | null

/**
 * An array as text with each element masked, its bounds and its NULLs as they were; null: it is none.
 * https://www.postgresql.org/docs/current/arrays.html#ARRAYS-IO
 */
export function maskArrayText(array: string, delimiter: string, mask: MaskElement): string | null {
  const bounds = /^(?:\[[-\d:[\]]+\]=)?(?=\{)/.exec(array)
  if (bounds === null) return null
  let masked = bounds[0]
  let depth = 0
  for (let at = masked.length; at < array.length; ) {
    const letter = array.charAt(at)
    if (letter === '{') depth++
    if (letter === '}') depth--
    if (letter === '{' || letter === '}' || letter === delimiter) {
      masked += letter
      at++
      continue
    }
    const end = letter === '"' ? quotedEnd(array, at) : plainEnd(array, at, delimiter)
    const token = array.slice(at, end)
    at = end
    if (letter !== '"' && token.toUpperCase() === 'NULL') {
      masked += 'NULL'
      continue
    }
    const element = mask(Buffer.from(letter === '"' ? token.slice(1, -1).replaceAll(/\\(.)/gs, '$1') : token))
    masked += element === null ? 'NULL' : `"${element.toString().replaceAll(/["\\]/g, '\\$&')}"`
  }
  return depth === 0 ? masked : null
}

function quotedEnd(text: string, start: number): number {
  let at = start + 1
  while (at < text.length && text[at] !== '"') at += text[at] === '\\' ? 2 : 1
  return at + 1
}

function plainEnd(text: string, start: number, delimiter: string): number {
  let at = start
  while (at < text.length && text[at] !== delimiter && text[at] !== '{' && text[at] !== '}') at++
  return at
}

/** int32 ndim, int32 flags, oid element, (int32 length, int32 lower bound)*, (int32 length, bytes)* */
const arrayHeader = 12
const mostDimensions = 6
const nothing = Buffer.from([0xff, 0xff, 0xff, 0xff])

/** The same in binary format. */
export function maskArrayBinary(array: Buffer, mask: MaskElement): Buffer | null {
  if (array.length < arrayHeader) return null
  const dimensions = array.readInt32BE(0)
  if (dimensions < 0 || dimensions > mostDimensions || array.length < arrayHeader + 8 * dimensions) return null
  const header = Buffer.from(array.subarray(0, arrayHeader + 8 * dimensions))
  const pieces: Buffer[] = [header]
  let at = header.length
  while (at < array.length) {
    if (at + 4 > array.length) return null
    const length = array.readInt32BE(at)
    at += 4
    if (length < -1 || at + length > array.length) return null
    const element = length === -1 ? null : mask(array.subarray(at, at + length))
    at += Math.max(0, length)
    if (element === null) {
      header.writeInt32BE(1, 4)
      pieces.push(nothing)
    } else {
      const size = Buffer.alloc(4)
      size.writeInt32BE(element.length)
      pieces.push(size, element)
    }
  }
  return Buffer.concat(pieces)
}

/** A binary array as the server would print it; null: it is none, or one of elements of which `text` cannot tell what they say. */
export function arrayText(array: Buffer, text: (typeOid: number, element: Buffer) => string | null): string | null {
  if (array.length < arrayHeader) return null
  const dimensions = array.readInt32BE(0)
  if (dimensions === 0) return array.length === arrayHeader ? '{}' : null
  if (dimensions < 0 || dimensions > mostDimensions || array.length < arrayHeader + 8 * dimensions) return null
  const typeOid = array.readUInt32BE(8)
  const lengths = Array.from({ length: dimensions }, (_, i) => array.readInt32BE(arrayHeader + 8 * i))
  let at = arrayHeader + 8 * dimensions
  const next = (): string | null => {
    if (at + 4 > array.length) return null
    const length = array.readInt32BE(at)
    const start = at + 4
    at = start + Math.max(0, length)
    if (length === -1) return 'NULL'
    if (length < -1 || at > array.length) return null
    const said = text(typeOid, array.subarray(start, at))
    return said === null ? null : element(said)
  }
  const inside = (dimension: number): string | null => {
    const length = lengths[dimension]
    if (length === undefined) return next()
    // None is empty: each takes bytes, or is the last.
    if (length < 1) return null
    const shown: string[] = []
    for (let i = 0; i < length; i++) {
      const said = inside(dimension + 1)
      if (said === null) return null
      shown.push(said)
    }
    return `{${shown.join(',')}}`
  }
  const shown = inside(0)
  return at === array.length ? shown : null
}

/** One element as it stands in an array: in quotes where it must. */
function element(text: string): string {
  return text === '' || /[\s{},"\\]|^null$/i.test(text) ? `"${text.replaceAll(/["\\]/g, '\\$&')}"` : text
}

/** An array of nothing, of the same elements. */
export function emptyArray(array: Buffer, format: number): Buffer | null {
  if (format === 0) return Buffer.from('{}')
  return array.length < arrayHeader ? null : Buffer.concat([Buffer.alloc(8), array.subarray(8, arrayHeader)])
}

/** A row with as many fields, all of them NULL; null: it is none. https://www.postgresql.org/docs/current/rowtypes.html#ROWTYPES-IO-SYNTAX */
export function emptyRow(row: Buffer, format: number): Buffer | null {
  return format === 0 ? emptyRowText(row.toString('latin1')) : emptyRowBinary(row)
}

function emptyRowText(row: string): Buffer | null {
  if (!row.startsWith('(') || !row.endsWith(')')) return null
  let commas = 0
  let quoted = false
  for (let at = 1; at < row.length - 1; at++) {
    const letter = row[at]
    if (letter === '\\') at++
    else if (letter === '"') quoted = !quoted
    else if (letter === ',' && !quoted) commas++
  }
  return Buffer.from(`(${','.repeat(commas)})`)
}

/** int32 count, (oid, int32 length, bytes)* */
function emptyRowBinary(row: Buffer): Buffer | null {
  if (row.length < 4) return null
  const pieces: Buffer[] = [row.subarray(0, 4)]
  let at = 4
  for (let left = row.readInt32BE(0); left > 0; left--) {
    if (at + 8 > row.length) return null
    const length = row.readInt32BE(at + 4)
    if (length < -1) return null
    pieces.push(row.subarray(at, at + 4), nothing)
    at += 8 + Math.max(0, length)
  }
  return at === row.length ? Buffer.concat(pieces) : null
}
