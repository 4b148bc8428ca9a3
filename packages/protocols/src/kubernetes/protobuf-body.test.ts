import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { BodyError } from '../http/body-rewriter.ts'
import type { RequestBody } from '../http/request.ts'
import { readOperation } from './operations.ts'
import { readableBody } from './protobuf-body.ts'
import { decodeProtobuf } from './protobuf-decode.ts'
import { requestOf } from './request.fixture.ts'

/** A field that is cut as bytes; other wire types are written out in the cases. */
function field(number: number, ...parts: (string | Buffer)[]): Buffer {
  const content = Buffer.concat(parts.map((part) => Buffer.from(part)))
  return Buffer.concat([varint(number * 8 + 2), varint(content.length), content])
}
function varint(value: number): Buffer {
  return value < 0x80 ? Buffer.of(value) : Buffer.concat([Buffer.of((value & 0x7f) | 0x80), varint(value >>> 7)])
}
function envelope(apiVersion: string, kind: string, ...fields: Buffer[]): Buffer {
  return Buffer.concat([Buffer.from('k8s\0'), field(1, field(1, apiVersion), field(2, kind)), field(2, ...fields)])
}
const hex = (text: string) => Buffer.from(text, 'hex')

/** What kubectl 1.35.2 sends. */
const captured = {
  configMap: 'azhzAAoPCgJ2MRIJQ29uZmlnTWFwEiYKFQoBYxIAGgRzaG9wIgAqADIAOABCABINCgZjb2xvdXISA3JlZBoAIgA=',
  secret: 'azhzAAoMCgJ2MRIGU2VjcmV0Ei4KFQoBcxIAGgRzaG9wIgAqADIAOABCABITCghwYXNzd29yZBIHaHVudGVyMhoAGgAiAA==',
  deployment:
    'azhzAAoVCgdhcHBzL3YxEgpEZXBsb3ltZW50Eq8BCiMKA3dlYhIAGgRzaG9wIgAqADIAOABCAFoKCgNhcHASA3dlYhJ6CAISDAoKCgNhcHASA3dlYhpgChwKABIAGgAiACoAMgA4AEIAWgoKA2FwcBIDd2ViEkASIgoFbmdpbngSBW5naW54KgBCAGoAcgCAAQCIAQCQAQCiAQAaADIAQgBKAFIAWABgAGgAggEAigEAmgEAwgEAIgIKACgAOAAaDAgAEAAYACAAKAA4ABoAIgA=',
}

describe('what clients send', () => {
  test.each([
    ['create configmap', captured.configMap, { metadata: { name: 'c', namespace: 'shop' }, data: { colour: 'red' } }],
    ['create secret', captured.secret, { metadata: { name: 's', namespace: 'shop' }, data: { password: 'aHVudGVyMg==' } }],
    [
      'create deployment',
      captured.deployment,
      {
        spec: {
          replicas: 2,
          template: { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'nginx', resources: {} }] } },
          strategy: {},
        },
      },
    ],
  ])('%s', (_, body, object) => {
    expect(JSON.parse(decodeProtobuf(Buffer.from(body, 'base64')))).toMatchObject(object)
  })

  const labels = Array.from({ length: 3 }, (_, i) => field(11, field(1, `k${i}`), field(2, '<é>"')))
  test.each([
    ['an empty object', envelope('v1', 'Pod'), '{"kind":"Pod","apiVersion":"v1"}'],
    [
      'an access review',
      envelope('authorization.k8s.io/v1', 'SelfSubjectAccessReview', field(2, field(1, field(2, 'create'), field(5, 'pods')))),
      '{"kind":"SelfSubjectAccessReview","apiVersion":"authorization.k8s.io/v1","spec":{"resourceAttributes":{"verb":"create","resource":"pods"}}}',
    ],
    [
      'options of a delete, of any version: what is zero is said where there is a difference',
      envelope('example.com/v7', 'DeleteOptions', hex('0800'), field(5, 'All')),
      '{"kind":"DeleteOptions","apiVersion":"example.com/v7","gracePeriodSeconds":0,"dryRun":["All"]}',
    ],
    [
      'a map, and a time',
      envelope('v1', 'ConfigMap', field(1, field(8, hex('0880e2cfaa06')), ...labels)),
      '{"kind":"ConfigMap","apiVersion":"v1","metadata":{"creationTimestamp":"2023-11-14T22:13:20Z","labels":{"k0":"<é>\\"","k1":"<é>\\"","k2":"<é>\\""}}}',
    ],
    [
      'JSON in it stays as it is',
      envelope('apps/v1', 'ControllerRevision', field(2, field(1, '{"n":12345678901234567890}')), hex('18ffffffffffffffff7f')),
      '{"kind":"ControllerRevision","apiVersion":"apps/v1","data":{"n":12345678901234567890},"revision":9223372036854775807}',
    ],
    [
      'numbers in one piece, and members of the parent',
      envelope('v1', 'Pod', field(2, field(1, field(1, 'v'), field(2, field(2))), field(14, field(4, hex('0102'))))),
      '{"kind":"Pod","apiVersion":"v1","spec":{"volumes":[{"name":"v","emptyDir":{}}],"securityContext":{"supplementalGroups":[1,2]}}}',
    ],
  ])('%s', (_, body, text) => expect(decodeProtobuf(body)).toBe(text))
})

describe('refused', () => {
  const pod = (...fields: Buffer[]) => envelope('v1', 'Pod', ...fields)
  test.each([
    ['no magic', Buffer.from('{}'), 'does not begin'],
    ['nothing but the magic', Buffer.from('k8s\0'), 'of which kind'],
    ['an unknown kind', envelope('v1', 'Gadget'), '"v1 Gadget" is no kind'],
    ['a kind of another version', envelope('v2', 'Pod'), '"v2 Pod" is no kind'],
    ['an envelope in gzip', Buffer.concat([pod(), field(3, 'gzip')]), 'encoded once more'],
    ['another field in the envelope', Buffer.concat([pod(), field(9, 'x')]), 'unknown field (9)'],
    ['a second object in the envelope', Buffer.concat([pod(), field(2)]), 'unknown field (2)'],
    ['an unknown field', pod(field(1, field(99, 'x'))), 'field 99 of ObjectMeta is not known'],
    ['another wire type', pod(hex('0801')), 'metadata of Pod is no message'],
    ['text where a number is', pod(field(2, field(5, 'x'))), 'activeDeadlineSeconds of PodSpec is no int64'],
    ['a group', pod(hex('0b0c')), 'no tag'],
    ['field 0', pod(hex('0200')), 'no tag'],
    ['a field twice', pod(field(1), field(1)), 'metadata of Pod stands there twice'],
    ['a key twice', pod(field(1, field(11, field(1, 'a')), field(11, field(1, 'a')))), 'a key twice'],
    ['a member twice, of two fields', pod(field(1, field(11, field(1, 'a'), field(3, 'b')))), 'unknown field (3)'],
    ['a number longer than it is', pod(field(2, hex('288000'))), 'longer than it is'],
    ['a number of 65 bits', pod(field(2, hex('28ffffffffffffffffff02'))), 'more than 64 bits'],
    ['33 bits for 32', envelope('apps/v1', 'Deployment', field(2, hex('088080808010'))), 'has more'],
    ['neither true nor false', pod(field(2, hex('5802'))), 'neither true nor false'],
    ['text that is no UTF-8', pod(field(1, field(1, hex('ff')))), 'not UTF-8'],
    ['JSON that goes on', envelope('apps/v1', 'ControllerRevision', field(2, field(1, '{},"x":{}'))), 'JSON'],
    ['protobuf for JSON', envelope('apps/v1', 'ControllerRevision', field(2, field(1, pod()))), 'JSON'],
    ['a length beyond the end', pod(hex('0aff7f')), 'cut off'],
  ])('%s', (_, body, words) => {
    expect(() => decodeProtobuf(body)).toThrow(words)
    expect(() => decodeProtobuf(body)).toThrow(BodyError)
  })

  test('schemas too deep in each other', () => {
    const nested = (depth: number): Buffer => (depth === 0 ? Buffer.alloc(0) : field(28, nested(depth - 1)))
    const definition = (depth: number) =>
      envelope('apiextensions.k8s.io/v1', 'CustomResourceDefinition', field(2, field(7, field(4, field(1, nested(depth))))))
    expect(() => decodeProtobuf(definition(50))).not.toThrow()
    expect(() => decodeProtobuf(definition(100))).toThrow('more than 64 messages')
  })

  test('what is small here, and large as JSON', () => {
    const volumes = Buffer.concat(Array.from({ length: 300_000 }, () => field(2, field(1, field(3)))))
    expect(() => decodeProtobuf(pod(field(2, volumes)))).toThrow('larger than what can be judged')
  })

  test('any cut, and any byte changed: an object or a BodyError', () => {
    const bodies = Object.values(captured).map((body) => Buffer.from(body, 'base64'))
    const changed = fc.tuple(fc.constantFrom(...bodies), fc.nat(), fc.nat(255), fc.boolean()).map(([body, at, byte, cut]) => {
      const place = at % body.length
      return cut ? body.subarray(0, place) : Buffer.concat([body.subarray(0, place), Buffer.of(byte), body.subarray(place + 1)])
    })
    const random = fc.uint8Array({ maxLength: 60 }).map((bytes) => pod(Buffer.from(bytes)))
    fc.assert(
      fc.property(fc.oneof(changed, random), (body) => {
        try {
          JSON.parse(decodeProtobuf(body))
        } catch (error) {
          expect(error).toBeInstanceOf(BodyError)
        }
      }),
      { numRuns: 2000 },
    )
  })
})

describe('in a request', () => {
  const protobuf = (body: Buffer): RequestBody => ({ kind: 'whole', bytes: body, type: 'application/vnd.kubernetes.protobuf' })

  test('judged as what it says', async () => {
    const [request] = requestOf('POST /api/v1/namespaces/shop/pods')
    const body = await readableBody(request, protobuf(envelope('v1', 'Pod', field(2, hex('5801')))))
    expect(body).toMatchObject({ kind: 'whole', type: 'application/json' })
    expect(readOperation(request, body)).toMatchObject({ refused: null, functions: ['pod:hostNetwork'] })
  })

  test('refused, with words why', async () => {
    const [request] = requestOf('POST /api/v1/namespaces/shop/pods')
    const { refused } = readOperation(request, await readableBody(request, protobuf(envelope('v1', 'Pod', field(77)))))
    expect(refused).toMatchObject({ code: 'unreadable' })
    expect(refused?.words).toMatch(/^its body cannot be read: field 77 of Pod is not known here: have the client send JSON/)
  })

  test.each(['POST /api/v1/namespaces/shop/services/db/proxy/x', 'PATCH /api/v1/namespaces/shop/pods/a', 'POST /metrics'])(
    'left as it is: %s',
    async (line) => {
      const [request] = requestOf(line)
      const body = protobuf(envelope('v1', 'Pod'))
      expect(await readableBody(request, body)).toBe(body)
    },
  )
})
