import type { FieldNode, MaskPlan } from '@hoop/contracts'
import type { BodyRewriter } from './body-rewriter.ts'
import type { AnswerHead } from './dialect.ts'
import { anyOf } from './field-nodes.ts'
import { isJson } from './json-body.ts'
import { jsonRewriter } from './json-rewriter.ts'

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
  // Where nothing is masked by name an answer of another type is shown, as far as detectors can look into it.
  if (root !== null && status < 300)
    return { refuse: `it is ${contentType ?? 'of no type'}, in which masked fields cannot be found` }
  return 'identity'
}

function isJsonLines(type: string | null): boolean {
  return type !== null && /^application\/(x-ndjson|jsonl|json-seq|stream\+json|x-json-stream)(;|$)/.test(type)
}

function isForeignCharset(type: string | null): boolean {
  const charset = /;\s*charset="?([^";\s]+)/.exec(type ?? '')?.[1]
  return charset !== undefined && charset !== 'utf-8' && charset !== 'utf8' && charset !== 'us-ascii'
}
