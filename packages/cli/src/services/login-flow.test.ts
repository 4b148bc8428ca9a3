import { expect, test } from 'vitest'
import { chooseFlow } from './login-flow.ts'

test('the flow that was asked for, else the one that suits, as far as the gateway offers it', () => {
  const both = ['browser', 'device'] as const
  expect(chooseFlow(both, { asked: null, suits: 'device' })).toBe('device')
  expect(chooseFlow(both, { asked: 'browser', suits: 'device' })).toBe('browser')
  expect(chooseFlow(['browser'], { asked: null, suits: 'device' })).toBe('browser')
  expect(chooseFlow(null, { asked: 'device', suits: 'browser' })).toBe('device')
})

test('what is not offered is told, with what is', () => {
  const refused = (offered: ('browser' | 'device')[], asked: 'browser' | 'device' | null) => () =>
    chooseFlow(offered, { asked, suits: 'device' })
  expect(refused(['browser'], 'device')).toThrow(
    'the gateway offers no login by a code for any browser, only in a browser on this machine',
  )
  expect(refused(['device'], 'browser')).toThrow(
    expect.objectContaining({ code: 'invalid_request', hint: 'hoop login --device' }),
  )
  expect(refused([], null)).toThrow(expect.objectContaining({ code: 'unavailable' }))
})
