import { readFileSync } from 'node:fs'
import { getCACertificates, setDefaultCACertificates } from 'node:tls'
import { HoopError } from '@hoop/contracts/errors'

/** Trusts a file of PEM certificates besides the known roots, for every connection that this process opens from now on. */
export function trustCertificates(path: string): void {
  try {
    setDefaultCACertificates([...getCACertificates('default'), readFileSync(path, 'utf8')])
  } catch (cause) {
    throw new HoopError(
      'invalid_request',
      `${path} is no file of certificates: ${cause instanceof Error ? cause.message : cause}`,
      {
        hint: 'it has PEM certificates, one after the other',
        cause,
      },
    )
  }
}
