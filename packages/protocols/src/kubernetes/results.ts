import type { MaskPlan } from '@hoop/contracts'
import type { BodyRewriter } from '../http/body-rewriter.ts'
import type { AnswerHead } from '../http/dialect.ts'
import { jsonRewriter } from '../http/json-rewriter.ts'
import { mediaType } from './body.ts'
import { answerNode, statusNode } from './documents.ts'
import { documentKind, type RequestAttributes } from './requests.ts'

/** How the answer to a request is shown. */
export function shownAnswer(
  attributes: RequestAttributes,
  answer: AnswerHead,
  masks: MaskPlan,
): BodyRewriter | 'identity' | { readonly refuse: string } {
  if (masks.empty || attributes.resource === '') return 'identity'
  const type = mediaType(answer.contentType)
  const json = type === 'application/json'
  const { detectors } = masks
  const proxied = attributes.verb === 'proxy' || attributes.subresource === 'proxy'
  if (proxied && attributes.resource === 'nodes' && masks.hasFields)
    return {
      refuse: 'the kubelet tells of all pods on its node, and fields are masked for you: ask the API server for the objects',
    }
  const kind = documentKind(attributes)
  const named = masks.fields(kind) !== null
  if (json) {
    const root = proxied ? masks.fields(kind) : answer.status >= 400 ? (named ? statusNode : null) : answerNode(kind, masks)
    if (root === null && detectors === null) return 'identity'
    return jsonRewriter({ root, detectors, many: attributes.verb === 'watch' })
  }
  if (named)
    return { refuse: `its fields are masked for you, and it came as ${type ?? 'something without a type'}: ask for JSON` }
  return 'identity'
}
