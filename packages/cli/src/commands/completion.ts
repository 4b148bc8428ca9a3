import * as Args from '@oclif/core/args'
import { Command } from '@oclif/core/command'

export default class Completion extends Command {
  static override summary = 'Print a script that completes commands, flags and names of connections in your shell.'
  static override description =
    `bash: eval "$(hoop completion bash)" in ~/.bashrc; zsh: eval "$(hoop completion zsh)" in ~/.zshrc, after compinit; fish: hoop completion fish | source in
config.fish. Names are those of the last hoop ls: completing asks nobody and starts no program.`
  static override args = {
    shell: Args.string({ required: true, options: ['bash', 'zsh', 'fish'], description: 'which shell', ignoreStdin: true }),
  }
  static override examples = ['<%= config.bin %> completion bash', '<%= config.bin %> completion fish']

  override async run(): Promise<void> {
    const { args } = await this.parse(Completion)
    const [{ completionScript }, { loadConfig }, { dirname }] = await Promise.all([
      import('../present/completion.ts'),
      import('../command-files.ts'),
      import('node:path'),
    ])
    const { commands } = await loadConfig(dirname(dirname(import.meta.dirname)), '**/*.ts')
    const completed = commands.map(({ id, summary = '', flags, args: given }) => ({
      words: id.replaceAll(':', ' '),
      summary,
      connections: Object.values(given).some(({ description = '' }) => /^(a )?connection\b/.test(description)),
      flags: Object.values(flags).map((flag) => ({
        name: flag.name,
        summary: flag.summary ?? flag.description ?? '',
        options: flag.type === 'option' ? (flag.options ?? []) : [],
      })),
    }))
    const shell = args.shell === 'zsh' || args.shell === 'fish' ? args.shell : 'bash'
    process.stdout.write(`${completionScript(shell, completed)}\n`)
  }
}
