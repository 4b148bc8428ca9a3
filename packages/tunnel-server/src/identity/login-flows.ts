import { HoopError, type LoginFlow } from '@hoop/contracts'
import type { Metadata } from './issuer.ts'

/** Milliseconds for which a provider that did not answer is not asked again: anybody may ask for the flows. */
const patience = 5000

/** The flows by which people can log in: those that the settings let them use, as far as the provider has them. */
export class LoginFlows {
  readonly #allowed: readonly LoginFlow[]
  readonly #metadata: () => Promise<Metadata>
  #failedAt = Number.NEGATIVE_INFINITY

  constructor(parts: { allowed: readonly LoginFlow[]; metadata: () => Promise<Metadata> }) {
    this.#allowed = parts.allowed
    this.#metadata = parts.metadata
  }

  /** Null: the provider cannot be asked. */
  async offered(): Promise<LoginFlow[] | null> {
    if (performance.now() - this.#failedAt < patience) return null
    try {
      const metadata = await this.#metadata()
      return this.#allowed.filter((flow) => has[flow](metadata))
    } catch (error) {
      if (!(error instanceof HoopError && error.code === 'unavailable')) throw error
      this.#failedAt = performance.now()
      return null
    }
  }
}

const has: Record<LoginFlow, (metadata: Metadata) => boolean> = {
  // A provider that does not list its methods may know S256 all the same (RFC 8414, 2).
  browser: ({ authorization_endpoint, code_challenge_methods_supported: methods }) =>
    authorization_endpoint !== undefined && (methods === undefined || methods.includes('S256')),
  device: ({ device_authorization_endpoint }) => device_authorization_endpoint !== undefined,
}
