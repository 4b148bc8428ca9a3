import type { FieldNode, MaskPlan } from '@hoop/contracts'
import type { BodyRewriter } from './body-rewriter.ts'
import type { AnswerHead } from './dialect.ts'
import { anyOf } from './field-nodes.ts'
import { isJson } from './json-body.ts'
import { jsonRewriter } from './json-rewriter.ts'
import { eventStreamRewriter } from './server-sent-events.ts'
import { formRewriter } from './text-form.ts'
import { textRewriter } from './text-rewriter.ts'

/** How an answer is shown by the fields that are masked in it, and by what detectors find; `fields` from several names of one thing. */
export function rewriterOf(
  fields: readonly (FieldNode | null)[],
  { status, contentType }: AnswerHead,
  { detectors }: MaskPlan,
): BodyRewriter | 'identity' | { readonly refuse: string } {
  const root = anyOf(fields)
  if (root === null && detectors === null) return 'identity'
  if (isForeignCharset(contentType)) return { refuse: `it is in another character set than UTF-8 (${contentType})` }
  if (isJson(contentType)) return jsonRewriter({ root, detectors })
  if (isJsonLines(contentType)) return jsonRewriter({ root, detectors, many: true })
  if (isOf(contentType, /^text\/event-stream$/)) return eventStreamRewriter(root, detectors)
  if (root !== null && status < 300)
    return { refuse: `it is ${contentType ?? 'of no type'}, in which masked fields cannot be found` }
  if (detectors === null) return 'identity'
  if (isOf(contentType, /^application\/x-www-form-urlencoded$/)) return formRewriter(detectors)
  // What does not say what it is may be text.
  return contentType === null || isOf(contentType, texts) ? textRewriter(detectors) : 'identity'
}

const texts = /^(text\/.+|multipart\/mixed|application\/(.+\+)?(xml|yaml|x-yaml|javascript|graphql|sql|toml))$/

function isJsonLines(type: string | null): boolean {
  return isOf(type, /^application\/(x-ndjson|jsonl|json-seq|stream\+json|x-json-stream)$/)
}

/** Of the type without its parameters. */
function isOf(type: string | null, wanted: RegExp): boolean {
  return type !== null && wanted.test(type.replace(/;.*/s, '').trim())
}

function isForeignCharset(type: string | null): boolean {
  const charset = /;\s*charset="?([^";\s]+)/.exec(type ?? '')?.[1]
  return charset !== undefined && charset !== 'utf-8' && charset !== 'utf8' && charset !== 'us-ascii'
}
