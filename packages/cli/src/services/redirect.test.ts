import { request } from 'node:http'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { openRedirect, type Redirect } from './redirect.ts'

let redirect: Redirect
const leaving = new AbortController()
beforeEach(async () => {
  redirect = await openRedirect()
})
afterEach(() => redirect.close())

const status = async (path: string, init: RequestInit = {}) => (await fetch(new URL(path, redirect.uri), init)).status

test('gives the address with the state that was sent, and tells the person that they are done', async () => {
  const arriving = redirect.arrival('s1', leaving.signal)
  const answer = await fetch(`${redirect.uri}?code=c&state=s1&iss=x`)
  expect(await answer.text()).toContain('You can close this page')
  expect(answer.headers.get('content-security-policy')).toContain("default-src 'none'")
  expect((await arriving).searchParams.get('code')).toBe('c')
})

test('what other pages send is not the answer, and does not end the wait', async () => {
  let arrived = false
  const arriving = redirect.arrival('s1', leaving.signal).then(() => {
    arrived = true
  })
  expect(await status('/callback?code=evil&state=s2')).toBe(404)
  expect(await status('/callback?code=evil')).toBe(404)
  expect(await status('/elsewhere?code=evil&state=s1')).toBe(404)
  expect(await status('/callback?code=evil&state=s1', { method: 'POST', body: 'x' })).toBe(404)
  // A name that somebody else's DNS leads here.
  const rebound = await new Promise((resolve, reject) => {
    const url = new URL('/callback?code=evil&state=s1', redirect.uri)
    request(url, { headers: { host: `evil.example:${url.port}` } }, (response) => resolve(response.resume().statusCode))
      .on('error', reject)
      .end()
  })
  expect(rebound).toBe(404)
  expect(arrived).toBe(false)
  expect(await status('/callback?code=c&state=s1')).toBe(200)
  await arriving
})

test('ends when the person gives up', async () => {
  const giveUp = new AbortController()
  const arriving = redirect.arrival('s1', giveUp.signal)
  giveUp.abort(new Error('enough'))
  await expect(arriving).rejects.toThrow('enough')
})
