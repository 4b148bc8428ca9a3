import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { holdFolder } from './held-folder.ts'

test('what a killed process left goes with the next one, and what is held stays', async () => {
  const parent = await mkdtemp(join(tmpdir(), 'hoop-held-'))
  onTestFinished(() => rm(parent, { recursive: true, force: true }))
  const module = new URL('./held-folder.ts', import.meta.url).href
  const script = `const { holdFolder } = await import(${JSON.stringify(module)})
    await holdFolder(${JSON.stringify(parent)}, 'ses_killed'); console.log('held'); setInterval(() => {}, 1000)`
  const other = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: ['ignore', 'pipe', 'inherit'] })
  onTestFinished(() => void other.kill('SIGKILL'))
  await once(other.stdout, 'data')
  const write = async (name: string) => {
    await mkdir(join(parent, name))
    await writeFile(join(parent, name, 'kubeconfig'), 'token: secret')
  }
  await write('ses_killed')
  await write('8001')
  const release = await holdFolder(parent, 'ses_mine')
  await write('ses_mine')
  // beside each lock that is held stands the journal of SQLite
  const left = async () => (await readdir(parent)).filter((file) => !file.endsWith('-journal')).sort()
  expect(await left()).toEqual(['8001', 'ses_killed', 'ses_killed.lock', 'ses_mine', 'ses_mine.lock'])
  other.kill('SIGKILL')
  await once(other, 'exit')
  await (await holdFolder(parent, 'ses_next'))()
  expect(await left()).toEqual(['8001', 'ses_mine', 'ses_mine.lock'])
  await release()
  expect(await readdir(parent)).toEqual(['8001'])
})
