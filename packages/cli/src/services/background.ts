import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { open } from 'node:fs/promises'
import { setTimeout as delay } from 'node:timers/promises'
import { type ApiErrorCode, apiErrors, HoopError } from '@hoop/contracts/errors'
import { z } from 'zod'
import { newLog, removeLog, sweepLogs } from '../state/background-logs.ts'
import { listRunning } from '../state/running.ts'
import type { RunningConnect } from '../state/running-connect.ts'
import { backgroundLog } from '../surroundings.ts'

/** How a detached one tells its parent, over their channel, how its start went. */
const StartMessage = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('ready'), lines: z.array(z.string()) }),
  z.object({ kind: z.literal('failed'), code: z.string(), message: z.string(), hint: z.string().nullable() }),
])
type StartMessage = z.infer<typeof StartMessage>

export interface BackgroundStart {
  readonly pid: number
  readonly log: string
  /** What it answered, as it would have in the foreground. */
  readonly lines: readonly string[]
}

/** Starts this program again with `args`, detached from the terminal, and waits until its ports are open. Throws its own error if it fails before. */
export async function startInBackground(home: string, program: string, args: readonly string[]): Promise<BackgroundStart> {
  await sweepLogs(home, new Set((await listRunning(home)).flatMap((connect) => connect.log ?? [])))
  const log = await newLog(home)
  const output = await open(log, 'a', 0o600)
  const child = spawn(process.execPath, [program, ...args], {
    detached: true,
    stdio: ['ignore', output.fd, output.fd, 'ipc'],
    env: { ...process.env, [backgroundLog]: log },
  })
  const ended = once(child, 'exit').then(([code]) => {
    throw new HoopError('internal', `the connect in the background ended with ${code} before it was ready`, {
      hint: `see ${log}`,
    })
  })
  const told = once(child, 'message')
  const [given] = await Promise.race([told, ended]).finally(() => output.close())
  const message = StartMessage.parse(given)
  if (message.kind === 'failed') {
    // what it says is said here
    await removeLog(log)
    const { code, message: words, hint } = message
    throw new HoopError(isCode(code) ? code : 'internal', words, hint === null ? {} : { hint })
  }
  child.disconnect()
  child.unref()
  return { pid: child.pid ?? 0, log, lines: message.lines }
}

function isCode(code: string): code is ApiErrorCode {
  return Object.hasOwn(apiErrors, code)
}

/** Tells the parent that waits, if there is one. */
export async function tellParent(message: StartMessage): Promise<void> {
  if (process.send === undefined) return
  await new Promise<void>((resolve) => {
    process.send?.(message, () => resolve())
  })
  // the parent's leaving is no news
  process.channel?.unref()
}

/** Ends running connects: those that have one of the names, or all in the background. Gives those that have ended. */
export async function disconnect(home: string, names: readonly string[]): Promise<RunningConnect[]> {
  const running = await listRunning(home)
  const chosen = running.filter(({ background, endpoints }) =>
    names.length === 0 ? background : endpoints.some(({ connection }) => names.includes(connection)),
  )
  const unknown = names.filter((name) => !chosen.some(({ endpoints }) => endpoints.some(({ connection }) => connection === name)))
  if (unknown.length > 0) {
    throw new HoopError('not_found', `nothing is connected to ${unknown.join(', ')}`, { hint: 'hoop status shows what is' })
  }
  for (const { pid } of chosen) process.kill(pid, 'SIGTERM')
  const deadline = Date.now() + 15_000
  for (;;) {
    const still = (await listRunning(home)).filter(({ pid }) => chosen.some((one) => one.pid === pid))
    if (still.length === 0) return chosen
    if (Date.now() > deadline) {
      throw new HoopError('internal', `process ${still.map(({ pid }) => pid).join(', ')} does not end`, {
        hint: 'end it by hand',
      })
    }
    await delay(50)
  }
}
