import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { execa } from 'execa'
import { expect, test } from 'vitest'
import { readJson } from '../../../packages/protocols/src/http/json-document.ts'
import { decodeProtobuf } from '../../../packages/protocols/src/kubernetes/protobuf-decode.ts'
import { buildPrograms } from './build.ts'

const table = fileURLToPath(new URL('../../../packages/protocols/src/kubernetes/protobuf-messages.ts', import.meta.url))

test('the table of messages is what the Go types say', async () => {
  const { protobuf } = await buildPrograms(console.log)
  const { stdout } = await execa(protobuf, ['schema'])
  const file = await readFile(table, 'utf8')
  const [begin, end] = [file.indexOf('`\n') + 2, file.lastIndexOf('`')]
  // With --update it is written anew.
  await expect(`${file.slice(0, begin)}${stdout}\n${file.slice(end)}`).toMatchFileSnapshot(table)
})

test('objects of every kind are the same JSON that Kubernetes makes of them', async () => {
  const { protobuf } = await buildPrograms(console.log)
  const { stdout } = await execa(protobuf, ['objects', '8'], { maxBuffer: 1e9 })
  const lines = stdout.split('\n')
  expect(lines.length).toBeGreaterThan(2000)
  for (let i = 0; i < lines.length; i += 2) {
    const [body = '', json = ''] = lines.slice(i, i + 2)
    const { value, duplicate } = readJson(Buffer.from(decodeProtobuf(Buffer.from(body, 'base64'))))
    expect(duplicate).toBeNull()
    expect(withoutNulls(value)).toEqual(withoutNulls(readJson(Buffer.from(json)).value))
  }
})

/** What is null in Go's JSON is a list or a map without elements, which protobuf leaves out. */
function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNulls)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).flatMap(([name, member]) => (member === null ? [] : [[name, withoutNulls(member)]])),
  )
}
