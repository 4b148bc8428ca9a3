import { compileRules, parseDocuments, recordedForm } from '@hoop/policy'
import { expect, test } from 'vitest'
import { kubernetesDialect } from './dialect.ts'
import { ada, masksOf } from './masks.fixture.ts'
import { requestOf } from './request.fixture.ts'

const dialect = kubernetesDialect({ impersonate: { userPrefix: '', groupPrefix: '' } })
const mask = 'fields: ["widgets.example.com:status.items[2].x"]'
const patched = (...body: readonly object[]) =>
  dialect.operation(
    ...requestOf('PATCH /apis/example.com/v1/namespaces/prod/widgets/w', { type: 'application/json-patch+json', body }),
  )

/** What the rules say to it, where only that mask is there. */
function decision(operation: ReturnType<typeof patched>): string {
  const source = `kind: Connection\nname: c\nprotocol: kubernetes\naddress: a:1\nlogin: { token: t }\n---\nkind: Mask\nname: m\n${mask}\n`
  const documents = parseDocuments(source, 'documents').map(({ document }) => document)
  const [connection] = documents
  if (connection?.kind !== 'Connection') throw new Error('The first document is the connection.')
  const rules = compileRules(documents, { hashKey: Buffer.alloc(32) })
  const judged = rules.judge({ identity: ada, connection, operation, session: { id: 's', reason: null }, now: new Date() })
  return judged.decision === 'refuse' ? judged.refusal.rule : judged.decision
}

test.each(['/status/items/2/x', '/status/items/0/x', '/status/items/-1/x', '/status/items/-/x', '/status/items/02/x'])(
  'a value at %s may be that of the masked element: it is not on the record, and what a mask shows is not written there',
  (path) => {
    const secret = patched({ op: 'add', path: '/status/items/0', value: {} }, { op: 'replace', path, value: 'hunter2' })
    expect(recordedForm(secret, masksOf(mask)).text).not.toContain('hunter2')
    expect(decision(patched({ op: 'replace', path, value: '[masked]' }))).toBe('hoop/masked-placeholder')
    expect(recordedForm(patched({ op: 'replace', path, value: 'plain' }), masksOf('fields: ["secrets:**"]')).text).toContain(
      'plain',
    )
  },
)

test('what no index could bring to the masked element is shown', () => {
  const { text } = recordedForm(patched({ op: 'replace', path: '/status/items/0/y', value: 'plain' }), masksOf(mask))
  expect(text).toContain('plain')
})

test.each([
  ['a test of an element that has moved', { op: 'test', path: '/status/items/0/x', value: 'a guess' }],
  [
    'a copy to an element that is masked only where it stands',
    { op: 'copy', from: '/status/items/2/x', path: '/status/items/2/x' },
  ],
  ['a copy from an element that has moved', { op: 'copy', from: '/status/items/0/x', path: '/status/items/2/x' }],
])('%s is refused', (_, flow) => {
  expect(decision(patched({ op: 'remove', path: '/status/items/0' }, flow))).toMatch(/^hoop\/masked/)
})
