import { Chalk } from 'chalk'
import { expect, it } from 'vitest'
import { desktopNotice } from './notices.ts'
import { StatusLines } from './status-line.ts'

const screen = { terminal: true, colour: new Chalk({ level: 0 }), width: 80 }

it('keeps what is held below what is said, until it is settled', () => {
  const written: string[] = []
  const lines = new StatusLines({ columns: 80, write: (text: string) => written.push(text) > 0 }, screen)
  lines.held('op_1', { approval: 'ap_1', text: 'delete\u001b[2J from orders', expiresAt: Date.now() + 60_000 })
  expect(written.join('')).toMatch(
    /^held, (1 min|60 s|59 s) left {2}delete\\u\{1b\}\[2J from orders\n {2}hoop approvals show ap_1\n$/,
  )
  written.length = 0
  lines.say('done')
  expect(written.join('')).toMatch(/^\u001b\[2A\u001b\[0Jdone\nheld, /)
  written.length = 0
  lines.settled('op_1')
  expect(written).toEqual(['\u001b[2A\u001b[0J'])
})

it('gives the desktop words that cannot be more than words', () => {
  expect(desktopNotice('held; on x', 'a\u0007b', { TERM_PROGRAM: 'iTerm.app' })).toBe('\u001b]9;held, on x: a\\u{7}b\u0007\u0007')
  expect(desktopNotice('held', 'x;y', {})).toBe('\u001b]777;notify;held;x,y\u0007\u0007')
})
