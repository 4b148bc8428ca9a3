import { parseDocument, type Document as YamlDocument } from 'yaml'
import type { Place } from './places.ts'

export interface OpenApiText {
  readonly yaml: YamlDocument.Parsed
  readonly value: unknown
}

/** YAML or JSON inside a document; what is not well formed, with its place in the text. */
export function readOpenApiText(text: string): OpenApiText | { readonly wrong: Place & { readonly message: string } } {
  try {
    const yaml = parseDocument(text, { prettyErrors: false })
    const [first] = yaml.errors
    if (first === undefined) return { yaml, value: yaml.toJS() }
    const message = first.code === 'RESOURCE_EXHAUSTION' ? 'is nested too deeply' : first.message
    return { wrong: { start: first.pos[0], end: first.pos[1], message } }
  } catch (error) {
    // Nested too deeply, or aliases that would grow without end.
    const message = error instanceof RangeError ? 'is nested too deeply' : 'has too many aliases'
    return { wrong: { start: 0, end: 1, message } }
  }
}
