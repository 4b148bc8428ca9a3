import { type DoctorReport, finding } from '@hoop/contracts'
import { Chalk } from 'chalk'
import { expect, it } from 'vitest'
import { doctorReport, exitCodeOf } from './doctor.ts'

const screen = { terminal: false, colour: new Chalk({ level: 0 }), width: 120 }
const report = (more: Partial<DoctorReport>): DoctorReport => ({
  connection: 'shop',
  at: '2026-11-23T10:00:00Z',
  complete: true,
  available: true,
  findings: [],
  ...more,
})
const superuser = finding('role.superuser', 'problem', 'The gateway’s role is a superuser.', {
  details: ['role "a\u202eb"'],
  advice: 'Take it away:',
  statements: ['ALTER ROLE "a\u202eb" NOSUPERUSER;'],
})

it('shows each finding with what to do, nothing of it hidden', () => {
  const findings = [
    superuser,
    finding('login.works', 'ok', 'It works.'),
    finding('role.owner', 'warning', 'It owns.', { database: 'a' }),
  ]
  expect(doctorReport(screen, report({ findings }), { quiet: false })).toBe(
    [
      'login',
      '  ok         It works.',
      '',
      'role',
      '  problem    The gateway’s role is a superuser.',
      '             role "a\\u{202e}b"',
      '             → Take it away:',
      '               ALTER ROLE "a\\u{202e}b" NOSUPERUSER;',
      '  warning    a: It owns.',
      '',
      'shop: 1 problem, 1 warning.',
    ].join('\n'),
  )
})

it('leaves out what is well when it is to be quiet', () => {
  const findings = [superuser, finding('login.works', 'ok', 'It works.')]
  expect(doctorReport(screen, report({ findings }), { quiet: true })).not.toMatch(/login|It works/)
})

it.each([
  [{}, 0],
  [{ findings: [finding('tls.expiry', 'warning', 'soon'), finding('role.owner', 'not-checked', 'why')] }, 0],
  [{ findings: [superuser] }, 1],
  [{ findings: [superuser], available: false }, 127],
] as const)('%j ends with %i', (more, code) => {
  expect(exitCodeOf(report(more as Partial<DoctorReport>))).toBe(code)
})
