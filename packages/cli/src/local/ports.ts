import { HoopError } from '@hoop/contracts/errors'
import { z } from 'zod'
import { readJsonFile, statePaths, writeFileAtomically } from '../state/folder.ts'
import { withLock } from '../state/lock.ts'

/** gateway → connection → port */
const Ports = z.record(z.string(), z.record(z.string(), z.int().min(1).max(65_535)))

const first = 15_432
const last = 19_999

export interface PortRequest {
  readonly home: string
  readonly gateway: string
  readonly connection: string
  /** Fixes the port from now on; null: the one it has, or a new one. */
  readonly fixed: number | null
  /** Whether nobody listens there now. Asked only for a new port: one that is kept is never moved. */
  isFree(port: number): Promise<boolean>
}

/** The stable local port of a gateway's connection: chosen once from 15432 upwards, then kept. */
export async function stablePort(request: PortRequest): Promise<number> {
  const paths = statePaths(request.home)
  return withLock(paths.lock, async () => {
    const all = (await readJsonFile(paths.ports, Ports)) ?? {}
    const kept = all[request.gateway]?.[request.connection]
    const port = request.fixed ?? kept ?? (await newPort(all, request))
    if (port !== kept) {
      all[request.gateway] = { ...all[request.gateway], [request.connection]: port }
      await writeFileAtomically(paths.ports, `${JSON.stringify(all, null, 2)}\n`)
    }
    return port
  })
}

async function newPort(all: z.infer<typeof Ports>, request: PortRequest): Promise<number> {
  const given = new Set(Object.values(all).flatMap((ports) => Object.values(ports)))
  for (let port = first; port <= last; port++) {
    if (!given.has(port) && (await request.isFree(port))) return port
  }
  throw new HoopError('conflict', `no port from ${first} to ${last} is free`, { hint: 'choose one with --port' })
}
