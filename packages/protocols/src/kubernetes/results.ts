import type { MaskPlan } from '@hoop/contracts'
import type { BodyRewriter } from '../http/body-rewriter.ts'
import type { AnswerHead } from '../http/dialect.ts'
import { jsonRewriter } from '../http/json-rewriter.ts'
import type { HttpRequest } from '../http/request.ts'
import { rewriterOf } from '../http/results.ts'
import { textRewriter } from '../http/text-rewriter.ts'
import { mediaType } from './body.ts'
import { answerNode } from './documents.ts'
import { documentKind, isProxied, namesOf, type RequestAttributes } from './requests.ts'
import { StatusRewriter } from './status-answers.ts'

/** How the answer to a request is shown. */
export function shownAnswer(
  request: HttpRequest,
  attributes: RequestAttributes,
  answer: AnswerHead,
  masks: MaskPlan,
): BodyRewriter | 'identity' | { readonly refuse: string } {
  const { detectors } = masks
  if (masks.empty) return 'identity'
  if (attributes.resource === '') return ofPath(request, masks)
  const kind = documentKind(attributes)
  const named = namesOf(kind).some((name) => masks.fields(name) !== null)
  const type = mediaType(answer.contentType)
  if (isProxied(attributes)) {
    if (attributes.resource === 'nodes' && masks.hasFields) return { refuse: kubelet }
    return rewriterOf([masks.fields(kind)], answer, masks)
  }
  if (type === 'application/json') {
    if (answer.status >= 400 && named) return new StatusRewriter(detectors)
    const root = answer.status >= 400 ? null : answerNode(kind, masks)
    return root === null && detectors === null ? 'identity' : jsonRewriter({ root, detectors, many: attributes.verb === 'watch' })
  }
  if (attributes.subresource === 'log' && type === 'text/plain') return detectors === null ? 'identity' : textRewriter(detectors)
  if (named)
    return { refuse: `fields of ${kind} are masked for you, and it came as ${type ?? 'something without a type'}: ask for JSON` }
  return rewriterOf([], answer, masks)
}

const kubelet = 'the kubelet tells of all pods on its node, and fields are masked for you: ask the API server for the objects'

/** Logs and memory of the control plane may hold anything that it has seen. */
function ofPath({ segments: [first] }: HttpRequest, { hasFields }: MaskPlan): 'identity' | { readonly refuse: string } {
  return hasFields && (first === 'logs' || first === 'debug')
    ? { refuse: 'it may hold any object of the cluster, and fields are masked for you' }
    : 'identity'
}
