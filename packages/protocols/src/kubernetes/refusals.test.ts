import type { Refusal } from '@hoop/contracts'
import { describe, expect, test } from 'vitest'
import { kubernetesDialect } from './dialect.ts'
import { requestOf } from './request.fixture.ts'

const dialect = kubernetesDialect({ impersonate: null })
const refusal: Refusal = {
  id: 'op_01K0ABCDEFGHJKMNPQRSTVWXYZ',
  code: 'policy_denied',
  message: 'refused: no shells in production',
  rule: 'Policy/no-shells',
  detail: 'The condition matched.',
  hint: 'Ask for an approval with --reason.',
}
const sessionId = 'ses_01K0ABCDEFGHJKMNPQRSTVWXYZ'

describe('a refusal', () => {
  test('is a Status that kubectl prints in one line', () => {
    const [request] = requestOf('GET /api/v1/pods')
    const { status, headers, body } = dialect.refusal(refusal, request, sessionId)
    expect({ status, headers }).toEqual({ status: 403, headers: [['content-type', 'application/json']] })
    expect(JSON.parse(body)).toEqual({
      kind: 'Status',
      apiVersion: 'v1',
      metadata: {},
      status: 'Failure',
      message: `refused: no shells in production. Rule: Policy/no-shells. The condition matched. Ask for an approval with --reason. Session ${sessionId}, operation ${refusal.id}.`,
      reason: 'Forbidden',
      details: {
        causes: [
          { reason: 'policy_denied', message: 'Policy/no-shells', field: 'rule' },
          { reason: 'policy_denied', message: refusal.id, field: 'operation' },
          { reason: 'policy_denied', message: sessionId, field: 'session' },
        ],
      },
      code: 403,
    })
  })
  test('of an upgrade fits in the 1,024 bytes that a WebSocket client reads of it', () => {
    const [request] = requestOf('GET /api/v1/namespaces/n/pods/p/exec?command=sh websocket')
    const { body } = dialect.refusal(refusal, request, sessionId)
    expect(body.length).toBeLessThan(1024)
    expect(JSON.parse(body).message).toContain('Ask for an approval')
  })
  test.each([
    ['unreadable', 400, 'BadRequest'],
    ['not_supported', 400, 'BadRequest'],
    ['too_many_requests', 429, 'TooManyRequests'],
    ['unavailable', 503, 'ServiceUnavailable'],
    ['held', 403, 'Forbidden'],
    ['masked_flow', 403, 'Forbidden'],
    ['masked_filter', 403, 'Forbidden'],
  ] as const)('for %s is %i %s', (code, status, reason) => {
    const [request] = requestOf('GET /api/v1/pods')
    const answer = dialect.refusal({ ...refusal, code }, request, sessionId)
    expect(answer.status).toBe(status)
    expect(JSON.parse(answer.body)).toMatchObject({ reason, code: status })
    // client-go asks again by itself where this is there.
    expect(answer.headers.some(([name]) => name === 'retry-after')).toBe(false)
  })
})

test('a failure is a Status as well', () => {
  const { status, body } = dialect.failure({ status: 502, message: 'The service did not answer', hint: 'Try again.' }, sessionId)
  expect(status).toBe(502)
  expect(JSON.parse(body)).toMatchObject({
    kind: 'Status',
    message: `The service did not answer. Try again. Session ${sessionId}.`,
    code: 502,
  })
})
