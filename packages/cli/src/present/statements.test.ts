import { Chalk } from 'chalk'
import { expect, it } from 'vitest'
import { resultText, statementError } from './statements.ts'

const screen = { terminal: false, colour: new Chalk({ level: 0 }), width: 80 }
const result = {
  command: 'SELECT',
  count: 2,
  columns: [
    { name: 'id', type: 23 },
    { name: 'id', type: 20 },
    { name: 'note', type: 25 },
    { name: 'ok', type: 16 },
    { name: 'more', type: 3802 },
  ],
  rows: [
    ['1', '9007199254740993', 'a "b",\nc', 't', '{"x":[1]}'],
    ['2', null, '', 'f', 'masked'],
  ],
}
const change = { command: 'UPDATE', count: 3, columns: [], rows: [] }

it('prints CSV that tells NULL from an empty text', async () => {
  expect(await resultText(screen, 'csv', [result])).toBe(
    'id,id,note,ok,more\n1,9007199254740993,"a ""b"",\nc",t,"{""x"":[1]}"\n2,,"",f,masked',
  )
})

it('prints one JSON object a result, with every value as it is', async () => {
  const [first, second] = (await resultText(screen, 'json', [result, change]))
    .split('\n')
    .map((line) => JSON.parse(line) as unknown)
  expect(first).toEqual({
    command: 'SELECT',
    count: 2,
    rows: [
      { id: 1, id_2: '9007199254740993', note: 'a "b",\nc', ok: true, more: { x: [1] } },
      { id: 2, id_2: null, note: '', ok: false, more: 'masked' },
    ],
  })
  expect(second).toEqual({ command: 'UPDATE', count: 3, rows: [] })
})

it('prints tables for people, with what a terminal would obey written out', async () => {
  expect(await resultText(screen, 'table', [result, change])).toBe(
    '1\t9007199254740993\ta "b",\\nc\tt\t{"x":[1]}\n2\t\t\tf\tmasked\n\nUPDATE 3',
  )
  const terminal = await resultText({ ...screen, terminal: true }, 'table', [result])
  expect(terminal).toMatch(/^id +id +note +ok +more\n/)
  expect(terminal).toMatch(/\n2 rows$/)
})

it('tells an error with its detail and hint', () => {
  const error = { code: '42501', message: 'no\u001b[2J', detail: 'Rule: x', hint: null }
  expect(statementError(error, 122, false)).toBe('hoop: no\\u{1b}[2J (42501)\n      Rule: x')
  expect(JSON.parse(statementError(error, 122, true))).toEqual({ error: { ...error, exit: 122 } })
})
