import type { IncomingMessage } from 'node:http'
import { HoopError } from '@hoop/contracts'
import type { Authenticator } from '../identity/authenticator.ts'
import { loginHint } from '../identity/dpop.ts'

/**
 * The thumbprint of the key that an agent's request proves.
 * @throws HoopError `invalid_proof`, `unavailable`, with words for whoever runs the agent
 */
export async function proofOfAgent(
  authenticator: Pick<Authenticator, 'proofOf'>,
  request: IncomingMessage,
  credential: string | null,
): Promise<string> {
  const key = await authenticator.proofOf(request, credential).catch((error: unknown) => {
    if (!(error instanceof HoopError) || error.code !== 'invalid_proof') throw error
    const advice = error.hint === null || error.hint === loginHint ? hint : error.hint
    throw new HoopError('invalid_proof', error.message.replace("the device's key", "the agent's key"), {
      hint: advice,
      cause: error,
    })
  })
  if (key !== null) return key
  throw new HoopError('invalid_proof', "No proof of an agent's key came with the request.", {
    hint: 'Send a DPoP proof (RFC 9449), as hoop agent does.',
  })
}

const hint =
  'Each request of an agent proves its key once: see that nothing between the agent and the gateway repeats or changes requests.'
