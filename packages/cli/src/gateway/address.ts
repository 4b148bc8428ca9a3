import { HoopError } from '@hoop/contracts/errors'

const loopback = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/

/** Whether a URL may carry a token: TLS, or this machine. */
export function isSafeForTokens(url: URL): boolean {
  return url.protocol === 'https:' || (url.protocol === 'http:' && loopback.test(url.hostname))
}

/** The gateway's origin as it is kept and compared: `https://hoop.example.com`. Throws HoopError `invalid_request`. */
export function gatewayOrigin(text: string): string {
  let url: URL
  try {
    url = new URL(/^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `https://${text}`)
  } catch (cause) {
    throw new HoopError('invalid_request', `"${text}" is not the address of a gateway`, {
      hint: 'give it as in https://hoop.example.com',
      cause,
    })
  }
  if (url.username || url.password || (url.pathname !== '/' && url.pathname !== '') || url.search || url.hash) {
    throw new HoopError('invalid_request', `"${text}" is more than the address of a gateway`, {
      hint: 'give scheme, host and port only, as in https://hoop.example.com',
    })
  }
  if (!isSafeForTokens(url)) {
    throw new HoopError('invalid_request', `${url.origin} is not encrypted`, {
      hint: 'use https://; plain http:// is for a gateway on this machine',
    })
  }
  return url.origin
}
