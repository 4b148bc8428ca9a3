import { readdir, readFile, readlink } from 'node:fs/promises'
import { setTimeout as delay } from 'node:timers/promises'
import { WebSocket } from 'ws'

/** Resident memory of a process in MB. https://man7.org/linux/man-pages/man5/proc_pid_status.5.html */
export async function residentMemory(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8')
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) / 1024
}

/** Milliseconds of processor time that a process has used. https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html */
export async function processorTime(pid: number): Promise<number> {
  const fields = (await readFile(`/proc/${pid}/stat`, 'utf8')).split(') ')[1]?.split(' ') ?? []
  return (Number(fields[11]) + Number(fields[12])) * 10
}

/** Sockets, pipes and files that a process has open. Not the event loops' own: the inspector's thread lets its loop go some time after its port. */
export async function openFiles(pid: number): Promise<number> {
  const folder = `/proc/${pid}/fd`
  const targets = await Promise.all((await readdir(folder)).map((fd) => readlink(`${folder}/${fd}`).catch(() => null)))
  return targets.filter((target) => target !== null && !target.startsWith('anon_inode:')).length
}

/** What a process of ours holds, once all garbage is collected. */
export interface Holdings {
  /** MB of JavaScript's heap and of the buffers beside it. */
  readonly memory: number
  /** Sockets, timers and requests that keep the process alive, by their kind. */
  readonly resources: Readonly<Record<string, number>>
}

/** What is only to be done next is no holding. */
const whenQuiet = `new Promise((quiet) => setTimeout(quiet, 100)).then(() =>
  JSON.stringify([process.pid, process.memoryUsage(), process.getActiveResourcesInfo()]))`
const inspector = 'http://127.0.0.1:9229'
const attempts = 200
const pause = 50

/**
 * Asks a Node process, through its inspector, what it holds. The inspector is opened by a signal and closed again.
 * https://nodejs.org/en/learn/getting-started/debugging
 */
export async function holdings(pid: number): Promise<Holdings> {
  const inside = await attach(pid)
  try {
    // Twice: what the first collection finalizes, the second frees.
    for (let round = 0; round < 2; round++) await inside.call('HeapProfiler.collectGarbage')
    const told = await inside.evaluate(whenQuiet)
    const [own, { heapUsed, external }, kinds] = JSON.parse(told) as [number, NodeJS.MemoryUsage, string[]]
    if (own !== pid) throw new Error(`the inspector is that of process ${own}, not ${pid}`)
    const resources: Record<string, number> = {}
    for (const kind of kinds) resources[kind] = (resources[kind] ?? 0) + 1
    return { memory: (heapUsed + external) / 2 ** 20, resources }
  } finally {
    await inside.evaluate(`setImmediate(() => process.getBuiltinModule('node:inspector').close())`)
    inside.close()
    await closed()
  }
}

async function attach(pid: number) {
  const webSocket = new WebSocket(await address(pid))
  await new Promise<void>((resolve, reject) => webSocket.once('open', () => resolve()).once('error', reject))
  const waiting = new Map<number, (answer: { result?: { value?: unknown } }) => void>()
  webSocket.on('message', (message) => {
    const { id, result } = JSON.parse(String(message)) as { id?: number; result?: { result?: { value?: unknown } } }
    if (id !== undefined) waiting.get(id)?.(result ?? {})
  })
  let count = 0
  const call = (method: string, params: object = {}) => {
    const id = ++count
    webSocket.send(JSON.stringify({ id, method, params }))
    return new Promise<{ result?: { value?: unknown } }>((resolve) => waiting.set(id, resolve))
  }
  const evaluate = async (expression: string) =>
    String((await call('Runtime.evaluate', { expression, awaitPromise: true })).result?.value)
  return { call, evaluate, close: () => webSocket.terminate() }
}

async function address(pid: number): Promise<string> {
  for (let attempt = 0; ; attempt++) {
    // Again and again: one that comes while the port is still another's does nothing.
    process.kill(pid, 'SIGUSR1')
    try {
      const [target] = (await (await fetch(`${inspector}/json/list`)).json()) as { webSocketDebuggerUrl: string }[]
      if (target !== undefined) return target.webSocketDebuggerUrl
    } catch (error) {
      if (attempt === attempts) throw error
    }
    await delay(pause)
  }
}

/** Resolves when the port is free for the next. */
async function closed(): Promise<void> {
  for (let attempt = 0; attempt < attempts; attempt++) {
    const answer = await fetch(`${inspector}/json/version`).catch(() => null)
    if (answer === null) return
    await delay(pause)
  }
  throw new Error('the inspector stays open')
}
