import type { DemoUserName } from '../identity-provider/users.ts'
import type { SamplePostgres } from '../sample/sample-postgres.ts'
import type { WebhookInbox } from '../webhook-inbox.ts'
import type { Caller } from './caller.ts'
import type { Client } from './client.ts'
import type { Screen } from './screen.ts'

export interface TourOptions {
  readonly gateway: string
  readonly sample: SamplePostgres
  /** Starts the agent that reaches the sample; a token of the name that `agentName` tells lets it join. */
  readonly letAgentIn: (token: string) => Promise<{ readonly id: string; readonly allow: string }>
  readonly agentName: string
  /** The gateway's records. */
  readonly records: string
  /** A home folder for each user below it. */
  readonly people: string
  /** YAML for `hoop apply -f`. */
  readonly documents: string
  /** The same for a rule that is only tried. */
  readonly proposal: string
  readonly inbox: WebhookInbox
  readonly client: Client
  readonly screen: Screen
  readonly signal: AbortSignal
}

export interface Stage extends TourOptions {
  caller(name: DemoUserName): Caller
}
