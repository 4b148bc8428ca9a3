import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type CompletedCommand, completionScript } from './completion.ts'

const flag = (name: string) => ({ name, summary: `what ${name} is`, options: [] })
const commands: CompletedCommand[] = [
  { words: 'connect', summary: 'Open it.', connections: true, flags: [flag('reason'), flag('json')] },
  { words: 'ls', summary: 'List them.', connections: false, flags: [flag('json')] },
  { words: 'sessions ls', summary: 'List those.', connections: false, flags: [flag('limit')] },
  { words: 'sessions show', summary: 'Show one.', connections: false, flags: [flag('json')] },
]
let home: string
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'hoop-completion-'))
  await writeFile(join(home, 'names'), 'orders-db\ncrm-db\n')
  await writeFile(join(home, 'bash'), completionScript('bash', commands))
})
afterAll(() => rm(home, { recursive: true, force: true }))

/** What bash would offer for the last word of a line. */
async function offered(line: string): Promise<string[]> {
  const words = line.split(' ')
  const script = `source ${home}/bash; COMP_WORDS=(${words.map((word) => `'${word}'`).join(' ')}); COMP_CWORD=${words.length - 1}; _hoop; printf '%s\\n' "\${COMPREPLY[@]}"`
  // No PATH: it must not start anything.
  const { stdout } = await promisify(execFile)('bash', ['--norc', '-c', script], { env: { HOOP_HOME: home } })
  return stdout.split('\n').filter(Boolean)
}

it.each([
  ['hoop ', ['connect', 'ls', 'sessions']],
  ['hoop se', ['sessions']],
  ['hoop sessions ', ['ls', 'show']],
  ['hoop sessions ls --', ['--limit']],
  ['hoop connect ', ['orders-db', 'crm-db']],
  ['hoop connect orders-db cr', ['crm-db']],
  ['hoop connect --r', ['--reason']],
  ['hoop ls ', []],
  ['hoop connect x -- --', []],
])('bash offers for "%s"', async (line, words) => {
  expect(await offered(line)).toEqual(words)
})

it('quotes what fish would take for more', () => {
  const script = completionScript('fish', [{ words: 'ls', summary: "it's \\ all", connections: false, flags: [] }])
  expect(script).toContain("-a ls -d 'it\\'s \\\\ all'")
})
