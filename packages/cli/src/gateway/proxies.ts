import http from 'node:http'
import { HoopError } from '@hoop/contracts/errors'
import { type ProxyEnvironment, proxyFor } from '@hoop/tunnel'

/** Never by a proxy: what listens on this machine. */
const local = 'localhost,127.0.0.1,[::1],::1'

/** Lets every HTTP call that this process makes from now on take the proxies that the environment names. */
export function useProxies(environment: ProxyEnvironment): void {
  // One that is no proxy is told in words, before anything goes wrong with it.
  for (const address of ['https://hoop.invalid', 'http://hoop.invalid']) proxyFor(address, environment)
  // From Node 24.14 on.
  if (http.setGlobalProxyFromEnv === undefined) {
    throw new HoopError('invalid_request', `a proxy is named in the environment, and Node ${process.version} cannot use it`, {
      hint: 'hoop needs Node 24.14 for that; or list the gateway in NO_PROXY if it can be reached directly',
    })
  }
  const exempt = environment.no_proxy || environment.NO_PROXY
  http.setGlobalProxyFromEnv({
    HTTPS_PROXY: environment.https_proxy || environment.HTTPS_PROXY,
    HTTP_PROXY: environment.http_proxy || environment.HTTP_PROXY,
    NO_PROXY: exempt ? `${exempt},${local}` : local,
  })
}
