import * as demo from '@hoop/demo'
import { hoop } from './hoop.ts'
import { temporaryFolder } from './keep.ts'

/** A running `hoop agent` that has joined, and the folder of its key. */
export interface JoinedAgent extends demo.AgentProcess {
  readonly state: string
}

/** A one-time token, made by the real `hoop agents token` as the administrator who is logged in at `admin`. */
export async function joinToken(admin: string, name: string): Promise<string> {
  const { code, stdout, stderr } = await hoop(['agents', 'token', name], { home: admin })
  if (code !== 0) throw new Error(`hoop agents token ended with ${code}: ${stderr}`)
  return stdout.trim()
}

/** Starts the real `hoop agent` and waits until it is online; with a `state` that joined before it needs no administrator. */
export async function startJoinedAgent(options: {
  readonly gateway: string
  readonly name: string
  readonly allow: string
  readonly admin: string
  readonly state?: string
}): Promise<JoinedAgent> {
  const { admin, state, ...rest } = options
  const own = state === undefined ? await temporaryFolder('agent') : null
  const folder = state ?? own?.path ?? ''
  try {
    const token = state === undefined ? { token: await joinToken(admin, options.name) } : {}
    const agent = await demo.startAgent({ ...rest, state: folder, ...token })
    return {
      ...agent,
      state: folder,
      async stop() {
        const exit = await agent.stop()
        await own?.stop()
        return exit
      },
    }
  } catch (error) {
    await own?.stop()
    throw error
  }
}
