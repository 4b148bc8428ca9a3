import type { HttpDialect } from '../http/dialect.ts'
import type { HttpRequest } from '../http/request.ts'
import type { KubernetesUpstream } from '../protocol.ts'
import { impersonation } from './impersonation.ts'
import { negotiatedHeaders } from './negotiation.ts'
import { readOperation } from './operations.ts'
import { readableBody } from './protobuf-body.ts'
import { failureStatus, refusalStatus } from './refusals.ts'
import { readAttributes } from './requests.ts'
import { shownAnswer } from './results.ts'
import { upgradeRelay } from './upgrades.ts'

/** The API of Kubernetes as a dialect of HTTP. https://kubernetes.io/docs/reference/using-api/api-concepts/ */
export function kubernetesDialect({ impersonate }: Pick<KubernetesUpstream, 'impersonate'>): HttpDialect {
  return {
    grpc: false,
    readable: readableBody,
    operation: readOperation,
    forward: (request, identity, operationId) => ({
      target: request.target,
      headers: [
        ...negotiatedHeaders(request, admitted(request)),
        // The cluster's audit takes it over: there the operation is found by its id.
        ['audit-id', operationId],
        ...(impersonate === null ? [] : impersonation(identity, impersonate)),
      ],
    }),
    results: (request, _, answer, masks) => shownAnswer(request, admitted(request), answer, masks),
    upgraded: upgradeRelay,
    refusal: (refusal, request, sessionId) => refusalStatus(refusal, sessionId, request.upgrade !== null),
    failure: failureStatus,
  }
}

/** Of a request that an operation was made of. */
function admitted(request: HttpRequest) {
  const attributes = readAttributes(request)
  if ('unreadable' in attributes) throw new Error(`A request was admitted that cannot be read: ${attributes.unreadable}`)
  return attributes
}
