import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { GatewayProcess } from './gateway.ts'

/** Process ids of a gateway's embedded store, its first process first; Linux only. */
export async function storeProcesses({ dataFolder }: Pick<GatewayProcess, 'dataFolder'>): Promise<number[]> {
  const file = join(dataFolder, 'postgres', 'cluster', 'postmaster.pid')
  const first = Number((await readFile(file, 'utf8')).split('\n', 1)[0])
  const children = await readFile(`/proc/${first}/task/${first}/children`, 'utf8').catch(() => '')
  const others = children.split(' ').filter((word) => word !== '')
  return [first, ...others.map(Number)]
}

/** Sends a signal to all of them: SIGSTOP makes a store that hangs. */
export async function signalStore(gateway: Pick<GatewayProcess, 'dataFolder'>, signal: NodeJS.Signals): Promise<void> {
  for (const pid of await storeProcesses(gateway)) process.kill(pid, signal)
}
