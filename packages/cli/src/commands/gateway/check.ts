import { Command } from '@oclif/core/command'
import * as Flags from '@oclif/core/flags'
import { escapedJson, escapeLine } from '../../present/escape.ts'
import { gatewayFlags } from '../gateway.ts'

const marks = { ok: 'ok   ', note: 'note ', wrong: 'WRONG' } as const

export default class GatewayCheck extends Command {
  static override summary = 'Look whether the gateway could start, and say what is wrong if not.'
  static override description =
    'It reads the settings, the certificate, the master key and the permissions of the data folder, and asks the store and the identity provider. It changes nothing, and ends with 1 when something is wrong.'
  static override examples = ['<%= config.bin %> gateway check --config gateway.yaml']
  static override flags = {
    ...gatewayFlags,
    json: Flags.boolean({ env: 'HOOP_JSON', description: 'print JSON, for programs' }),
  }

  override async run(): Promise<void> {
    const { flags } = await this.parse(GatewayCheck)
    const { checkGateway } = await import('@hoop/tunnel-server')
    const findings = await checkGateway({ ...process.env, ...(flags.config !== undefined && { HOOP_CONFIG: flags.config }) })
    if (flags.json) process.stdout.write(`${escapedJson(findings)}\n`)
    else for (const finding of findings) process.stdout.write(shown(finding))
    if (findings.some(({ result }) => result === 'wrong')) this.exit(1)
  }
}

function shown({
  what,
  result,
  words,
  hint,
}: {
  what: string
  result: keyof typeof marks
  words: string
  hint: string | null
}): string {
  const lines = [...words.split('\n'), ...(hint === null ? [] : [hint])].map(escapeLine)
  return `${marks[result]}  ${what.padEnd(18)} ${lines.join(`\n${' '.repeat(26)}`)}\n`
}
