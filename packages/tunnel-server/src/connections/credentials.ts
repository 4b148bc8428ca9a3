import type { ConnectionOf } from '@hoop/contracts'
import type { Header, HttpUpstream } from '@hoop/protocols'
import type { Secrets } from './secrets.ts'

type Credentials = HttpUpstream['credentials']

/** Headers by which a service knows the gateway. */
export function httpCredentials({ login }: ConnectionOf<'http'>, secrets: Secrets): Credentials {
  return async () => {
    const headers: Header[] = []
    const bearer = await secrets.read('login.bearer')
    if (bearer !== null) headers.push(['authorization', `Bearer ${bearer}`])
    if (login.basic !== undefined) {
      const pair = `${login.basic.user}:${(await secrets.read('login.basic.password')) ?? ''}`
      headers.push(['authorization', `Basic ${Buffer.from(pair).toString('base64')}`])
    }
    for (const { name } of login.headers) {
      const value = await secrets.read(`login.headers.${name.toLowerCase()}`)
      if (value !== null) headers.push([name.toLowerCase(), value])
    }
    return headers
  }
}

/** The token by which a cluster knows the gateway, where it is not known by its certificate. */
export function kubernetesCredentials(_connection: ConnectionOf<'kubernetes'>, secrets: Secrets): Credentials {
  return async () => {
    const token = await secrets.read('login.token')
    return token === null ? [] : [['authorization', `Bearer ${token}`]]
  }
}
