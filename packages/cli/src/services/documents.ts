import { text } from 'node:stream/consumers'
import { ApplyResult, DocumentKind, DocumentsResponse } from '@hoop/contracts'
import { HoopError } from '@hoop/contracts/errors'
import type { Device } from './device.ts'
import { readGivenFile } from './given-file.ts'

/** `connection`, `Connections`, `policies` → `Connection`, `Policy`. Throws HoopError `invalid_request`. */
export function documentKind(word: string): DocumentKind {
  const wanted = word.toLowerCase()
  const kind = DocumentKind.options.find((option) => [option.toLowerCase(), plural(option)].includes(wanted))
  if (kind) return kind
  throw new HoopError('invalid_request', `there is no kind "${word}"`, { hint: `kinds are ${DocumentKind.options.join(', ')}` })
}

function plural(kind: DocumentKind): string {
  const word = kind.toLowerCase()
  if (word.endsWith('y')) return `${word.slice(0, -1)}ies`
  return word.endsWith('s') ? `${word}es` : `${word}s`
}

/** `-` is standard input. */
export async function applyFile(device: Device, file: string): Promise<ApplyResult> {
  const yaml = file === '-' ? await text(process.stdin) : await readGivenFile(file)
  return device.client.post('/v1/documents', { yaml, file: file === '-' ? 'stdin' : file }, ApplyResult)
}

/** YAML that can be applied again; all of a kind when `name` is null. */
export async function getDocuments(device: Device, kind: DocumentKind, name: string | null): Promise<string> {
  const path = name === null ? `/v1/documents/${kind}` : `/v1/documents/${kind}/${encodeURIComponent(name)}`
  return (await device.client.get(path, DocumentsResponse)).yaml
}

export async function deleteDocument(device: Device, kind: DocumentKind, name: string): Promise<void> {
  await device.client.delete(`/v1/documents/${kind}/${encodeURIComponent(name)}`)
}
