import { expect, test } from 'vitest'
import { failedStatus, RemoteCommandEnd } from './remote-command-status.ts'

const failed = (causes: unknown) => JSON.stringify({ status: 'Failure', reason: 'NonZeroExitCode', details: { causes } })
const cases: [string, number, string[], number | null, string | null][] = [
  ['nothing', 4, [], null, null],
  ['a success', 4, ['{"metadata":{},"status":"Success"}'], 0, null],
  ['a success in parts', 5, ['{"status":', '"Success"}'], 0, null],
  ['an exit code', 4, [failed([{ reason: 'Other' }, { reason: 'ExitCode', message: '137' }])], 137, 'Failure'],
  ['a failure without its code', 4, [failed([])], null, 'Failure'],
  ['a failure without details', 4, ['{"status":"Failure","reason":"NonZeroExitCode"}'], null, 'Failure'],
  ['a code that is none', 4, [failed([{ reason: 'ExitCode', message: '-1' }])], null, 'Failure'],
  ['another failure', 4, ['{"status":"Failure","message":"no such container"}'], null, 'Failure'],
  ['what is no status', 4, ['oh no'], null, 'Failure'],
  ['words of an old version', 1, ['command terminated'], null, 'Failure'],
  ['what is far too long', 4, ['x'.repeat(70_000), '{"status":"Success"}'], null, null],
]

test.each(cases)('reads %s', (_name, version, parts, exitCode, status) => {
  const end = new RemoteCommandEnd(version)
  for (const part of parts) end.push(Buffer.from(part))
  const result = end.result()
  expect([result.exitCode, result.error?.status ?? null]).toEqual([exitCode, status])
})

test('reads our own failure back', () => {
  for (const version of [1, 5]) {
    const end = new RemoteCommandEnd(version)
    end.push(failedStatus(version, 'ended'))
    expect(end.result()).toMatchObject({ exitCode: null, error: { status: 'Failure', message: 'ended' } })
  }
})
