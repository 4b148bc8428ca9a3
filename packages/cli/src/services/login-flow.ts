import type { LoginFlow } from '@hoop/contracts'
import { HoopError } from '@hoop/contracts/errors'

export interface WantedFlow {
  /** By a flag; null: by none. */
  readonly asked: LoginFlow | null
  /** What fits this terminal and machine. */
  readonly suits: LoginFlow
}

const words: Record<LoginFlow, string> = { browser: 'in a browser on this machine', device: 'by a code for any browser' }

/** The flow to log in by. `offered`: by the gateway; null: it cannot tell. @throws HoopError with words where there is none */
export function chooseFlow(offered: readonly LoginFlow[] | null, { asked, suits }: WantedFlow): LoginFlow {
  const wanted = asked ?? suits
  if (offered === null || offered.includes(wanted)) return wanted
  const [other] = offered
  if (other === undefined) {
    throw new HoopError('unavailable', 'the gateway offers no way to log in that its identity provider has', {
      hint: 'tell whoever runs the gateway: HOOP_OIDC_FLOWS names the ways',
    })
  }
  if (asked === null) return other
  throw new HoopError('invalid_request', `the gateway offers no login ${words[asked]}, only ${words[other]}`, {
    hint: `hoop login --${other}`,
  })
}
