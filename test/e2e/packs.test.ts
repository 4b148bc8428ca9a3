import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { parseAllDocuments } from 'yaml'

interface Document {
  readonly kind: string
  readonly name: string
  readonly when?: string
  readonly columns?: readonly string[]
  readonly per?: string
}

const pack = (name: string): Document[] =>
  parseAllDocuments(readFileSync(new URL(`../../packages/cli/packs/${name}.yaml`, import.meta.url), 'utf8')).map(
    (document) => document.toJS() as Document,
  )

test('an AI agent asks for each column that the pack about cards masks', () => {
  const documents = pack('pci')
  const [, pattern = '^$'] = /re\(c, '(.*)'\)/.exec(documents.find(({ name }) => name === 'pci-agents-ask')?.when ?? '') ?? []
  const masked = documents.flatMap(({ columns = [] }) => columns.flatMap((each) => each.replace(/^.*\{|\}$/g, '').split(',')))
  expect(masked).toContain('card_number')
  expect(masked.filter((column) => !new RegExp(pattern).test(`public.cards.${column}`))).toEqual([])
})

test('the budget of an AI agent is not a new one in each session', () => {
  expect(pack('ai-agents').find(({ kind }) => kind === 'Limit')?.per).toBe('identity')
})
