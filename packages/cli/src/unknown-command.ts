import { readdirSync } from 'node:fs'
import { HoopError } from '@hoop/contracts/errors'

/** For a command line that names no command: says what may have been meant. `commands`: the folder that has a file for each. */
export function unknownCommand(argv: readonly string[], commands: string): HoopError {
  const [first = '', second = ''] = argv
  if (first.startsWith('-')) {
    return new HoopError('invalid_request', `${first} stands before the command`, {
      hint: 'the command comes first, then its flags: hoop ls --json; hoop help lists the commands',
    })
  }
  const all = readdirSync(commands, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .map((file) => file.slice(0, -'.ts'.length).replace(/[\\/]/, ' '))
  const inTopic = all.filter((name) => name.startsWith(`${first} `))
  const given = second === '' || second.startsWith('-') ? first : `${first} ${second}`
  const candidates = inTopic.length > 0 ? inTopic : [...all, ...all.map((name) => name.replace(/ .*/, ''))]
  const meant = nearest(given, candidates) ?? nearest(first, candidates)
  const list = inTopic.length > 0 ? `hoop help ${first} lists those of ${first}` : 'hoop help lists the commands'
  return new HoopError('invalid_request', `there is no command "${inTopic.length > 0 ? given : first}"`, {
    hint: meant === null ? list : `did you mean hoop ${meant}? ${list}`,
  })
}

/** The candidate that so few mistakes made into `given`; null: none is near. */
function nearest(given: string, candidates: readonly string[]): string | null {
  const bearable = (given.split(' ').at(-1) ?? '').length < 5 ? 1 : 2
  const [best] = candidates
    .map((candidate) => ({ candidate, mistakes: distance(given, candidate) }))
    .filter(({ mistakes }) => mistakes <= bearable)
    .sort((one, other) => one.mistakes - other.mistakes)
  return best?.candidate ?? null
}

/** Levenshtein's, by rows. */
function distance(one: string, other: string): number {
  let row = [...Array(other.length + 1).keys()]
  for (const [i, letter] of [...one].entries()) {
    const next = [i + 1]
    for (let j = 1; j <= other.length; j++) {
      const changed = (row[j - 1] ?? 0) + (letter === other[j - 1] ? 0 : 1)
      next.push(Math.min(changed, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1))
    }
    row = next
  }
  return row.at(-1) ?? 0
}
