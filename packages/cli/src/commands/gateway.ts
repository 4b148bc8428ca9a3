import { Command } from '@oclif/core'

export default class Gateway extends Command {
  static override summary = 'Run the gateway. It is configured by environment variables.'

  override async run(): Promise<void> {
    await this.parse(Gateway)
    const { runGateway } = await import('@hoop/tunnel-server')
    await runGateway(process.env)
  }
}
