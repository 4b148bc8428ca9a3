import { readFile } from 'node:fs/promises'
import { HoopError } from '@hoop/contracts/errors'
import { type Document, isMap, isSeq, parseDocument } from 'yaml'
import { z } from 'zod'
import { rewriteFile } from './rewrite-file.ts'

/** What is named in a kubeconfig: https://kubernetes.io/docs/reference/config-api/kubeconfig.v1/ */
const Named = z.array(z.looseObject({ name: z.string() }))
const Kubeconfig = z.looseObject({ clusters: Named, users: Named, contexts: Named })
type Kubeconfig = z.infer<typeof Kubeconfig>
const lists = ['clusters', 'users', 'contexts'] as const

/**
 * Puts the contexts of other kubeconfigs, with their clusters and users, into this one; which context is the current one is left alone. Gives what takes
 * them out again: a file that nobody changed meanwhile is then byte for byte what it was. What has the same names was left by a killed run, and is replaced.
 * Throws HoopError `conflict` for a file that is no kubeconfig.
 */
export async function addContexts(path: string, lock: string, sources: readonly string[]): Promise<() => Promise<void>> {
  const ours = await Promise.all(sources.map(async (source) => Kubeconfig.parse(JSON.parse(await readFile(source, 'utf8')))))
  let [before, after] = ['', '']
  await rewriteFile(path, lock, (text) => {
    before = text
    after = changed(path, text, (document) => {
      for (const each of ours) takeOut(document, each)
      for (const each of ours) putIn(document, each)
    })
    return after
  })
  return () =>
    rewriteFile(path, lock, (text) => {
      const without = (latin1: string) =>
        changed(path, latin1, (document) => {
          for (const each of ours) takeOut(document, each)
        })
      const rest = without(text === after ? before : text)
      const isOurs = before === '' || without(before) !== before
      return isOurs && isBare(rest) ? '' : rest
    })
}

function changed(path: string, latin1: string, change: (document: Document) => void): string {
  const text = Buffer.from(latin1, 'latin1').toString('utf8')
  const document = parseDocument(text === '' ? 'apiVersion: v1\nkind: Config\n' : text)
  const whole: unknown = document.errors.length === 0 ? document.toJS() : null
  if (typeof whole !== 'object' || whole === null || Reflect.get(whole, 'kind') !== 'Config') {
    throw new HoopError('conflict', `${path} is no kubeconfig`, {
      hint: 'name another file with --kubeconfig; it was left as it is',
    })
  }
  const known = JSON.stringify(whole)
  change(document)
  if (JSON.stringify(document.toJS()) === known) return latin1
  return Buffer.from(document.toString({ lineWidth: 0, indentSeq: !/^- /m.test(text) }), 'utf8').toString('latin1')
}

function takeOut(document: Document, ours: Kubeconfig): void {
  for (const list of lists) {
    const names = new Set(ours[list].map(({ name }) => name))
    const items = document.get(list)
    if (!isSeq(items)) continue
    const left = items.items.filter((item) => !isMap(item) || !names.has(String(item.get('name'))))
    if (left.length === items.items.length) continue
    items.items = left
    if (left.length === 0) document.delete(list)
  }
}

function putIn(document: Document, ours: Kubeconfig): void {
  for (const list of lists) {
    if (!isSeq(document.get(list))) document.set(list, document.createNode([]))
    for (const item of ours[list]) document.addIn([list], document.createNode(item))
  }
}

/** Nothing but what every kubeconfig begins with. */
function isBare(latin1: string): boolean {
  const whole: unknown = parseDocument(latin1).toJS()
  return typeof whole === 'object' && whole !== null && Object.keys(whole).every((name) => ['apiVersion', 'kind'].includes(name))
}
