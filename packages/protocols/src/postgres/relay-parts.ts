import type { PostgresContext } from '../protocol.ts'
import type { CallerOutput } from './caller-output.ts'
import type { Catalogues } from './catalogues.ts'
import type { Registry } from './registry.ts'
import type { Replies } from './replies.ts'
import type { SessionState } from './session-state.ts'

/** What goes to the backend: gathered here, sent by the session in one write. */
export interface ToBackend {
  push(message: Buffer): void
  /** Sends what has gathered. */
  forward(): void
}

/** What one relayed connection is made of, for those who handle its caller's messages. */
export interface RelayParts {
  readonly context: PostgresContext
  readonly database: string
  readonly catalogues: Catalogues
  readonly registry: Registry
  readonly state: SessionState
  readonly replies: Replies
  readonly output: CallerOutput
  readonly backend: ToBackend
  /** What its open transaction has locked; null: the backend does not say which it is. */
  readonly locks: (() => Promise<readonly string[]>) | null
  /** Whether the connection is over: nothing is begun any more. */
  readonly over: () => boolean
}

/** Whether what cannot be read, or followed, is refused. */
export function isStrict({ profile }: Pick<PostgresContext, 'profile'>): boolean {
  return profile === 'strict'
}
