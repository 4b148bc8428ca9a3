import { createSecretKey, randomBytes } from 'node:crypto'
import { digest } from '@hoop/recording'
import { expect, test } from 'vitest'
import { reconcile } from './reconcile.ts'
import type { RecordedOperation } from './recorded.ts'

const key = createSecretKey(randomBytes(32))
const none = { unrecorded: [], neverArrived: [], unrecordedRefusals: [], untrue: [] }

function recorded(
  text: string,
  more: { original?: string; values?: [shown: string, original: string][]; verdict?: 'refuse' } = {},
) {
  const parameters = (more.values ?? []).map(([value, original]) => ({
    type: null,
    value,
    digest: value === original ? null : digest(key, original),
  }))
  const operation = {
    id: `op_${text}`,
    text,
    digest: more.original === undefined ? null : digest(key, more.original),
    parameters,
    verdict: more.verdict ?? 'permit',
  }
  return { session: 'ses_1', operation, held: null, decided: null, outcome: null } as unknown as RecordedOperation
}
const ran = (text: string, ...parameters: string[]) => ({ text, parameters, application: null })

test('a statement that ran is on the record: by its text, by the digest of a masked one, each time that it ran', () => {
  const statements = [ran('begin'), ran('begin'), ran("select '4111'"), ran('select $1', '4111')]
  const record = [
    recorded('begin'),
    recorded('begin'),
    recorded("select '****'", { original: "select '4111'" }),
    recorded('select $1', { values: [['****', '4111']] }),
  ]
  expect(reconcile({ statements, refused: [] }, record, key)).toEqual(none)
})

test('what is missing, changed, or permitted where it was refused is told', () => {
  const statements = [ran('begin'), ran('begin'), ran('select $1', '2')]
  const dropped = recorded('drop', { verdict: 'refuse' })
  const record = [recorded('begin'), recorded('select $1', { values: [['1', '1']] }), dropped]
  const differences = reconcile({ statements, refused: ['op_drop', 'op_begin'] }, record, key)
  expect(differences.unrecorded).toEqual([ran('begin'), ran('select $1', '2')])
  expect(differences.neverArrived).toEqual([record[1]])
  expect(differences.unrecordedRefusals).toEqual(['op_begin'])
  const altered = recorded('select 1', { original: 'select 2' })
  expect(reconcile({ statements: [], refused: [] }, [altered], key).untrue).toEqual([altered])
  expect(reconcile({ statements: [ran('drop')], refused: [] }, [dropped], key).unrecorded).toEqual([ran('drop')])
})
