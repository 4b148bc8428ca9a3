import { expect, it } from 'vitest'
import { temporaryFolder } from '../state/temporary-folder.fixture.ts'
import { stablePort } from './ports.ts'

it('chooses upwards from 15432 and keeps what it chose', async () => {
  const home = await temporaryFolder('ports')
  const taken = new Set([15_433])
  const port = (gateway: string, connection: string, fixed: number | null = null) =>
    stablePort({ home, gateway, connection, fixed, isFree: async (each) => !taken.has(each) })
  expect(await port('https://g', 'a')).toBe(15_432)
  expect(await port('https://g', 'b')).toBe(15_434)
  expect(await port('https://h', 'a')).toBe(15_435)
  taken.add(15_432)
  expect(await port('https://g', 'a')).toBe(15_432)
  expect(await port('https://g', 'a', 6000)).toBe(6000)
  expect(await port('https://g', 'a')).toBe(6000)
})

it('gives different ports to those who choose at once', async () => {
  const home = await temporaryFolder('ports')
  const names = ['a', 'b', 'c', 'd']
  const ports = await Promise.all(
    names.map((connection) => stablePort({ home, gateway: 'https://g', connection, fixed: null, isFree: async () => true })),
  )
  expect(new Set(ports).size).toBe(4)
})
