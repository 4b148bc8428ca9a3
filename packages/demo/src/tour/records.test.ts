import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { searchForCards } from './records.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hoop-search-'))
  await mkdir(join(folder, 'session'))
})
afterEach(() => rm(folder, { recursive: true }))

const numbers = new Set(['4242424242424242', '378282246310005'])
const search = async (content: string | Buffer) => {
  await writeFile(join(folder, 'session', 'data'), content)
  return searchForCards(folder, numbers)
}

test('finds a number in text, between other digits and between bytes', async () => {
  expect((await search('x 378282246310005 y')).cards.map(({ number }) => number)).toEqual(['378282246310005'])
  expect((await search('99424242424242424277')).cards.map(({ number }) => number)).toEqual(['4242424242424242'])
  expect((await search(Buffer.from([0, 16, ...Buffer.from('4242424242424242'), 0xff]))).cards).toHaveLength(1)
})

test('finds a number across two reads of a large file', async () => {
  expect((await search(`${'x'.repeat(65_536 - 7)}4242424242424242${'x'.repeat(100)}`)).cards).toHaveLength(1)
})

test('finds none in masked values', async () => {
  expect(await search('4242********4242 ************4242')).toMatchObject({ files: 1, cards: [] })
})
