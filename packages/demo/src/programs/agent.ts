import { fileURLToPath } from 'node:url'
import { startHoop } from './hoop.ts'
import type { Exit, Program } from './program.ts'

export interface AgentProcessOptions {
  readonly gateway: string
  readonly name: string
  /** Of its key: another one for each agent. */
  readonly state: string
  /** As for `--allow`. */
  readonly allow: string
  /** A one-time token; needed until it has joined. */
  readonly token?: string
}

/** A running `hoop agent`. */
export interface AgentProcess {
  /** Of this agent among those of its name. */
  readonly id: string
  readonly program: Program
  stop(): Promise<Exit>
}

const endWithParent = fileURLToPath(new URL('end-with-parent.ts', import.meta.url))

/** Starts `hoop agent` and waits until it is online. It ends when we do. */
export async function startAgent({ gateway, name, state, allow, token }: AgentProcessOptions): Promise<AgentProcess> {
  const program = await startHoop(['agent', '--gateway', gateway, '--name', name, '--state', state, '--allow', allow, '--json'], {
    home: state,
    env: { NODE_OPTIONS: `--import=${endWithParent}`, ...(token === undefined ? {} : { HOOP_AGENT_TOKEN: token }) },
    channel: true,
  })
  try {
    const id = await program.find('stdout', (line) => /^\{"event":"online","id":"([^"]+)"/.exec(line)?.[1])
    return { id, program, stop: () => program.stop('SIGTERM') }
  } catch (error) {
    await program.stop()
    throw error
  }
}
