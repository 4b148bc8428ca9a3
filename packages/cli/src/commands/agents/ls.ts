import { HoopCommand } from '../../hoop-command.ts'

export default class AgentsLs extends HoopCommand {
  static override summary = 'List the agents, and the names that connections have in vain.'

  override async run(): Promise<void> {
    const { flags } = await this.parse(AgentsLs)
    const device = await this.device(flags)
    const { AgentList } = await import('@hoop/contracts')
    const list = await device.client.get('/v1/agents', AgentList)
    if (flags.json) return this.answerJson(list)
    const { agentTable, missingAgents } = await import('../../present/agents.ts')
    if (list.agents.length === 0) this.note('No agents. An admin lets one in with: hoop agents token NAME')
    else this.answer(await agentTable(await this.screen(), list.agents))
    for (const line of missingAgents(list)) this.note(line)
  }
}
