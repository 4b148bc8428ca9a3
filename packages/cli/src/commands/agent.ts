import { join } from 'node:path'
import * as Flags from '@oclif/core/flags'
import { HoopCommand } from '../hoop-command.ts'

export default class Agent extends HoopCommand {
  static override summary = 'Run an agent: it dials out to the gateway, and opens what it may in its own network.'
  static override description =
    `It joins once, with a token of "hoop agents token NAME", or with the identity token that its platform gives it, as "hoop exec" does in CI
(HOOP_TOKEN_FILE, HOOP_TOKEN_COMMAND); from then on the key in its state folder is who it is.
It opens nothing but what --allow lists: HOST:PORT, HOST:FIRST-LAST, 10.1.0.0/16:PORT, [IPv6]:PORT or unix:/PATH. It runs until Ctrl-C or SIGTERM,
and tries again for ever while the gateway cannot be reached. Several agents of one name share the load; each needs its own --state.`
  static override examples = [
    '<%= config.bin %> agent --gateway https://hoop.example.com --name gke-europe --token-file token --allow db.internal:5432',
  ]
  static override flags = {
    name: Flags.string({ env: 'HOOP_AGENT_NAME', required: true, description: 'as connections name it' }),
    'token-file': Flags.string({
      env: 'HOOP_AGENT_TOKEN_FILE',
      helpValue: 'FILE',
      description: 'has the token to join: one-time, or an identity token; or the variable HOOP_AGENT_TOKEN',
    }),
    allow: Flags.string({
      env: 'HOOP_AGENT_ALLOW',
      required: true,
      multiple: true,
      multipleNonGreedy: true,
      helpValue: 'HOST:PORT,…',
      description: 'what it may dial; may be given several times',
    }),
    state: Flags.string({
      env: 'HOOP_AGENT_STATE',
      helpValue: 'DIR',
      description: 'folder of its key; else one of its name in ~/.hoop',
    }),
  }

  override async run(): Promise<void> {
    const { flags } = await this.parse(Agent)
    const [
      { runAgent, AllowList },
      { DocumentName, HoopError },
      { gatewayOrigin },
      { untilSignal },
      { agentWords },
      { readToken },
      { workloadSource },
    ] = await Promise.all([
      import('@hoop/agent'),
      import('@hoop/contracts'),
      import('../gateway/address.ts'),
      import('../signals.ts'),
      import('../present/agents.ts'),
      import('../credentials/token-source.ts'),
      import('../services/machine.ts'),
    ])
    const name = DocumentName.safeParse(flags.name)
    if (!name.success)
      throw new HoopError('invalid_request', `"${flags.name}" is no name for an agent`, {
        hint: name.error.issues[0]?.message ?? '',
      })
    if (flags.gateway === undefined) throw new HoopError('invalid_request', 'no gateway is named', { hint: 'give --gateway URL' })
    await this.trust(flags)
    const gateway = gatewayOrigin(flags.gateway)
    const given = this.surroundings.agentToken
    const file = flags['token-file']
    const workload = workloadSource(process.env)
    await runAgent({
      gateway,
      name: name.data,
      token:
        file !== undefined
          ? { file }
          : given !== null
            ? { token: given }
            : workload && { read: async () => await readToken(workload, gateway) },
      allow: AllowList.parse(flags.allow),
      state: flags.state ?? join(this.surroundings.home, 'agents', name.data),
      version: this.config.version,
      proxies: this.surroundings.proxies,
      onEvent: (event) => (flags.json ? this.answerJsonLine(event) : this.note(agentWords(event))),
      signal: untilSignal(),
    })
  }
}
