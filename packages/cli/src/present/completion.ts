/** One command as a shell completes it. */
export interface CompletedCommand {
  /** `sessions show` */
  readonly words: string
  readonly summary: string
  readonly flags: readonly { readonly name: string; readonly summary: string; readonly options: readonly string[] }[]
  /** Whether its arguments are names of connections. */
  readonly connections: boolean
}
export type Shell = 'bash' | 'zsh' | 'fish'

/** A script for the shell. It knows commands and flags as they are now, and reads names of connections from a file: it starts no program. */
export function completionScript(shell: Shell, commands: readonly CompletedCommand[]): string {
  return { bash, zsh, fish }[shell](commands)
}

const namesFile = `"\${HOOP_HOME:-$HOME/.hoop}/names"`

function bash(commands: readonly CompletedCommand[]): string {
  return `# hoop completion for bash: eval "$(hoop completion bash)"
_hoop() {
  local cur=\${COMP_WORDS[COMP_CWORD]} one=\${COMP_WORDS[1]:-} two="\${COMP_WORDS[1]:-} \${COMP_WORDS[2]:-}" i
  COMPREPLY=()
  # what stands after -- is the command's own business
  for ((i = 1; i < COMP_CWORD; i++)); do [[ \${COMP_WORDS[i]} == -- ]] && return 0; done
  local words="" flags="" names=""
  case $COMP_CWORD in
    1) words="${firstWords(commands).join(' ')}" ;;
    2) case $one in
${topics(commands)
  .map(([topic, seconds]) => `      ${topic}) words="${seconds.join(' ')}" ;;`)
  .join('\n')}
    esac ;;
  esac
  case $two in
${byWords(commands)
  .map(({ pattern, flags, connections }) => `    ${pattern}) flags="${flags.join(' ')}"${connections ? ' names=1' : ''} ;;`)
  .join('\n')}
  esac
  if [[ $cur == -* ]]; then words=$flags
  elif [[ -n $names && $COMP_CWORD -gt 1 && -r ${namesFile} ]]; then words+=" $(<${namesFile})"
  fi
  COMPREPLY=($(compgen -W "$words" -- "$cur"))
}
complete -o bashdefault -o default -F _hoop hoop`
}

function zsh(commands: readonly CompletedCommand[]): string {
  return `#compdef hoop
# hoop completion for zsh: eval "$(hoop completion zsh)"
_hoop() {
  local -a words_ flags
  local names="" one=\${words[2]} two="\${words[2]} \${words[3]}"
  if (( CURRENT > 2 && \${words[(i)--]} < CURRENT )); then _normal; return; fi
  case $CURRENT in
    2) words_=(${firstWords(commands).join(' ')}) ;;
    3) case $one in
${topics(commands)
  .map(([topic, seconds]) => `      ${topic}) words_=(${seconds.join(' ')}) ;;`)
  .join('\n')}
    esac ;;
  esac
  case $two in
${byWords(commands)
  .map(({ pattern, flags, connections }) => `    ${pattern}) flags=(${flags.join(' ')})${connections ? ' names=1' : ''} ;;`)
  .join('\n')}
  esac
  if [[ \${words[CURRENT]} == -* ]]; then compadd -- $flags; return; fi
  if [[ -n $names && $CURRENT -gt 2 && -r ${namesFile} ]]; then words_+=(\${(f)"$(<${namesFile})"}); fi
  compadd -- $words_ || _files
}
compdef _hoop hoop`
}

function fish(commands: readonly CompletedCommand[]): string {
  const lines = ['# hoop completion for fish: hoop completion fish | source', 'complete -c hoop -f']
  for (const word of firstWords(commands)) {
    const summary = commands.find(({ words }) => words === word)?.summary ?? ''
    lines.push(`complete -c hoop -n __fish_use_subcommand -a ${word} -d ${quoted(summary)}`)
  }
  for (const { words, summary, flags, connections } of commands) {
    const [first = '', second] = words.split(' ')
    const within =
      second === undefined
        ? `__fish_seen_subcommand_from ${first}`
        : `__fish_seen_subcommand_from ${first}; and __fish_seen_subcommand_from ${second}`
    if (second !== undefined) {
      lines.push(`complete -c hoop -n ${quoted(`__fish_seen_subcommand_from ${first}`)} -a ${second} -d ${quoted(summary)}`)
    }
    for (const flag of flags) {
      const values = flag.options.length === 0 ? '' : ` -x -a ${quoted(flag.options.join(' '))}`
      lines.push(`complete -c hoop -n ${quoted(within)} -l ${flag.name}${values} -d ${quoted(flag.summary)}`)
    }
    if (connections) {
      const read = '(set -q HOOP_HOME; or set -l HOOP_HOME ~/.hoop; cat $HOOP_HOME/names 2>/dev/null)'
      lines.push(`complete -c hoop -n ${quoted(within)} -a ${quoted(read)}`)
    }
  }
  return lines.join('\n')
}

function quoted(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`
}

function firstWords(commands: readonly CompletedCommand[]): string[] {
  return [...new Set(commands.map(({ words }) => words.split(' ')[0] ?? ''))].sort()
}

function topics(commands: readonly CompletedCommand[]): [string, string[]][] {
  const seconds = Map.groupBy(
    commands.filter(({ words }) => words.includes(' ')),
    ({ words }) => words.split(' ')[0] ?? '',
  )
  return [...seconds].map(([topic, all]) => [topic, all.map(({ words }) => words.split(' ')[1] ?? '')])
}

/** Those of two words first: `gateway start` before `gateway`. */
function byWords(commands: readonly CompletedCommand[]): { pattern: string; flags: string[]; connections: boolean }[] {
  const depth = ({ words }: CompletedCommand) => words.split(' ').length
  return commands
    .toSorted((one, other) => depth(other) - depth(one))
    .map((command) => ({
      pattern: depth(command) === 2 ? `"${command.words}"` : `"${command.words} "*`,
      flags: command.flags.map(({ name }) => `--${name}`),
      connections: command.connections,
    }))
}
