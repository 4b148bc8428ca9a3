import { Command } from '@oclif/core/command'
import * as Flags from '@oclif/core/flags'
import { namesProxy, readSurroundings } from '../surroundings.ts'

/** Of all commands about the gateway itself. */
export const gatewayFlags = {
  config: Flags.string({
    env: 'HOOP_CONFIG',
    helpValue: 'FILE',
    description: 'file of settings; environment variables win over it',
  }),
}

export default class Gateway extends Command {
  static override summary = 'Run the gateway. It is configured by environment variables, or by a file.'
  static override description =
    'It needs an identity provider (HOOP_OIDC_ISSUER, HOOP_OIDC_CLIENT_ID), a certificate (HOOP_TLS_CERT, HOOP_TLS_KEY), and for its first admin HOOP_ADMIN_GROUP, or the token that it leaves in its data folder; docs/gateway.md lists all settings, docs/operations.md the file. One that is missing or wrong is named. Ctrl-C or SIGTERM stops it.'
  static override flags = gatewayFlags

  override async run(): Promise<void> {
    const { flags } = await this.parse(Gateway)
    const { proxies } = readSurroundings(process.env)
    if (namesProxy(proxies)) {
      const { useProxies } = await import('../gateway/proxies.ts')
      useProxies(proxies)
    }
    const { runGateway } = await import('@hoop/tunnel-server')
    await runGateway({ ...process.env, ...(flags.config !== undefined && { HOOP_CONFIG: flags.config }) })
  }
}
