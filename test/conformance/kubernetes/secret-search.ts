/** Finds values in bytes, in whatever way a tool may write them. */
export interface SecretSearch {
  /** Which value was found, and how it was written; null: none. */
  find(bytes: Buffer): string | null
}

/** A part of a value this long gives it away. */
const telling = 12

/**
 * Looks for each value, and for each part of `telling` bytes of a longer one: as it is, in base64 (at all three alignments, also that of base64 once
 * more, also for URLs), in hexadecimal, in percent encoding, and as JSON, Go and YAML write it in quotes; in any case, and with line breaks in between.
 */
export function searchFor(values: Readonly<Record<string, Buffer>>): SecretSearch {
  const exact = new Map<string, string>()
  const anyCase = new Map<string, string>()
  for (const [name, value] of Object.entries(values)) {
    for (let start = 0; start === 0 || start + telling <= value.length; start += telling) {
      const part = value.subarray(start, start + telling)
      const say = (how: string) => `${name} ${how}`
      for (const form of quoted(part.toString())) anyCase.set(form.toLowerCase(), say('in clear'))
      anyCase.set(part.toString('hex'), say('in hexadecimal'))
      for (const once of base64(part)) {
        for (const form of [once, forUrl(once)]) exact.set(form, say('in base64'))
        for (const twice of base64(Buffer.from(once))) exact.set(twice, say('in base64 of base64'))
      }
    }
  }
  return {
    find(bytes) {
      // Chunks of HTTP and folded lines are no cover.
      const text = bytes.toString('latin1').replaceAll(/\r\n[0-9a-f]+\r\n/g, '')
      const joined = text.replaceAll(/(\\n|\s)+/g, '')
      for (const one of [text, joined]) {
        const found = first(one, exact) ?? first(one.toLowerCase(), anyCase)
        if (found !== null) return found
      }
      return null
    },
  }
}

/** JSON of Go writes `<`, `>` and `&` by their numbers. */
function quoted(text: string): readonly string[] {
  const json = JSON.stringify(text).slice(1, -1)
  const go = json.replaceAll(/[<>&]/g, (letter) => `\\u00${letter.charCodeAt(0).toString(16)}`)
  const bytes = Buffer.from(text).toString('latin1')
  return [...new Set([bytes, bytes.replaceAll(/\s+/g, ''), json, go, JSON.stringify(go).slice(1, -1), encodeURIComponent(text)])]
}

/** What all encodings of these bytes at one alignment have in common. */
function base64(bytes: Buffer): readonly string[] {
  return [0, 1, 2].map((before) => {
    const encoded = Buffer.concat([Buffer.alloc(before), bytes]).toString('base64')
    return encoded.slice(Math.ceil((before * 8) / 6), Math.floor(((before + bytes.length) * 8) / 6))
  })
}

function forUrl(base64: string): string {
  return base64.replaceAll('+', '-').replaceAll('/', '_')
}

function first(text: string, needles: ReadonlyMap<string, string>): string | null {
  for (const [needle, words] of needles) if (text.includes(needle)) return words
  return null
}
