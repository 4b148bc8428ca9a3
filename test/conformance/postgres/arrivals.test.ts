import { expect, test } from 'vitest'
import type { JsonLogLine } from '../../support/server-log.ts'
import { arrivalsIn } from './arrivals.ts'

const line = (pid: number, more: Partial<JsonLogLine>): JsonLogLine => ({ pid, backend_type: 'client backend', ...more })
const ran = (pid: number, text: string) => line(pid, { error_severity: 'LOG', message: `statement: ${text}` })
const error = (pid: number, statement: string, message = 'no') => line(pid, { error_severity: 'ERROR', message, statement })

function textsIn(...lines: JsonLogLine[]): [number, string[]][] {
  return [...arrivalsIn(lines).statements].map(([pid, statements]) => [pid, statements.map(({ text }) => text)])
}

test('what the parser rejects arrived, too, once for each error of its own', () => {
  expect(textsIn(error(1, 'selec'), error(1, 'selec'))).toEqual([[1, ['selec', 'selec']]])
})

test('the error of a statement that the log has is not another one, whoever else is at work', () => {
  expect(textsIn(ran(1, 'select 1/0'), ran(2, 'select 2'), error(1, 'select 1/0'), error(1, 'selec'))).toEqual([
    [1, ['select 1/0', 'selec']],
    [2, ['select 2']],
  ])
})

test('a FunctionCall is a statement without a text', () => {
  const call = line(1, { error_severity: 'LOG', message: 'fastpath function call: "lo_unlink" (OID 964)' })
  expect(textsIn(call, call)).toEqual([[1, ['FunctionCall lo_unlink', 'FunctionCall lo_unlink']]])
})

test('only what callers sent counts', () => {
  expect(textsIn({ ...error(1, 'select 1/0'), backend_type: 'parallel worker' }, line(1, { message: 'checkpoint' }))).toEqual([])
})

test('what stands in the place of a refused operation is no statement', () => {
  const lines = [error(1, 'hoop refused op_1'), ran(1, 'select 1')]
  expect(arrivalsIn(lines).refused).toEqual(['op_1'])
  expect(textsIn(...lines)).toEqual([[1, ['select 1']]])
})
