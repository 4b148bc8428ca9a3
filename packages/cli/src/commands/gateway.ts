import { Command } from '@oclif/core'

export default class Gateway extends Command {
  static override summary = 'Run the gateway. It is configured by environment variables.'
  static override description =
    'It needs HOOP_OIDC_ISSUER, HOOP_OIDC_CLIENT_ID, HOOP_TLS_CERT and HOOP_TLS_KEY, and HOOP_ADMIN_GROUP for its first admin; docs/gateway.md lists them all. One that is missing or wrong is named. Ctrl-C or SIGTERM stops it.'

  override async run(): Promise<void> {
    await this.parse(Gateway)
    const { runGateway } = await import('@hoop/tunnel-server')
    await runGateway(process.env)
  }
}
