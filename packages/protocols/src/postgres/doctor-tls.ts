import { type DoctorFinding, finding } from '@hoop/contracts'
import type { BackendHost, BackendTls } from '../protocol.ts'
import type { Greeting, TlsFacts } from './doctor-greeting.ts'

const day = 24 * 60 * 60 * 1000
/** A certificate that ends sooner is worth a warning. */
const soon = 30 * day

/** What the transport to one server is worth. */
export function tlsFindings({ tls: asked }: Pick<BackendHost, 'tls'>, { tls }: Greeting, now: Date): DoctorFinding[] {
  if (asked === null || tls === null) {
    return [finding('tls.verified', 'ok', 'The connection is plain, and does not leave the gateway’s own machine.')]
  }
  if (tls === 'none') {
    return [
      finding('tls.verified', 'problem', 'The server offers no TLS, and nothing is sent without it.', {
        advice: 'Turn TLS on at the server: give it ssl_cert_file and ssl_key_file, then run this and reload.',
        statements: ['ALTER SYSTEM SET ssl = on;', 'SELECT pg_reload_conf();'],
      }),
    ]
  }
  return [verified(tls, asked), ...validity(tls, now), session(tls)]
}

function verified(tls: TlsFacts, asked: BackendTls): DoctorFinding {
  const { subject, issuer, names } = tls.certificate
  const details = [`subject ${subject}`, `issuer ${issuer}`, `names ${names || 'none'}`, `asked for ${asked.serverName}`]
  if (tls.failure === null) {
    const by = asked.ca === null ? 'an authority that this machine trusts' : 'the authority that the connection names (tls.ca)'
    return finding('tls.verified', 'ok', `The server’s certificate is valid, names the server, and is signed by ${by}.`, {
      details,
    })
  }
  const { words, advice } = failures[tls.failure] ?? {
    words: `is not believed (${tls.failure})`,
    advice: 'Give the server a certificate of an authority that the connection names in tls.ca.',
  }
  return finding('tls.verified', 'problem', `The server’s certificate ${words}; the gateway does not log in there.`, {
    details,
    advice,
  })
}

const untrusted = {
  words: 'is of an authority that is not trusted',
  advice: 'Put the PEM of the authority in the connection: tls: { mode: verify-full, ca: … }.',
}
/** Codes of OpenSSL and Node. https://nodejs.org/api/tls.html#x509-certificate-error-codes */
const failures: Readonly<Record<string, { readonly words: string; readonly advice: string }>> = {
  CERT_HAS_EXPIRED: { words: 'has expired', advice: 'Renew the certificate of the server (or of its authority), and reload it.' },
  CERT_NOT_YET_VALID: {
    words: 'is not valid yet',
    advice: 'Set the clocks of server and gateway, or give the server another certificate.',
  },
  ERR_TLS_CERT_ALTNAME_INVALID: {
    words: 'names another server',
    advice:
      'Connect by a name that stands in the certificate, or say which one it is: tls: { mode: verify-full, serverName: … }.',
  },
  DEPTH_ZERO_SELF_SIGNED_CERT: {
    words: 'is signed by itself',
    advice: 'Put that very certificate in the connection, as PEM: tls: { mode: verify-full, ca: … }.',
  },
  SELF_SIGNED_CERT_IN_CHAIN: untrusted,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: untrusted,
  UNABLE_TO_GET_ISSUER_CERT: untrusted,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: untrusted,
}

function validity({ certificate, failure }: TlsFacts, now: Date): DoctorFinding[] {
  const left = certificate.until.getTime() - now.getTime()
  // Said already.
  if (Number.isNaN(left) || left < 0 || failure === 'CERT_HAS_EXPIRED') return []
  const until = `The certificate is valid until ${certificate.until.toISOString().slice(0, 10)}`
  if (left >= soon) return [finding('tls.expiry', 'ok', `${until}.`)]
  const words = `${until}: ${Math.floor(left / day)} days from now.`
  return [finding('tls.expiry', 'warning', words, { advice: 'Renew it, and see to it that it renews itself.' })]
}

function session({ version, cipher }: TlsFacts): DoctorFinding {
  return finding('tls.version', 'ok', `${version.replace('TLSv', 'TLS ')}, ${cipher}.`)
}
