import { readFile } from 'node:fs/promises'
import type { Oracle, Verdict } from './oracle.ts'
import { type Meta, PsqlScript } from './psql-script.ts'
import type { Reply } from './server-session.ts'

/** A statement of a script, and what came of it. */
export interface Finding {
  readonly file: string
  readonly line: number
  readonly text: string
  readonly verdict: Verdict
}

/** Runs a script as psql does, as far as it sends SQL. */
export async function runScript(
  file: string,
  name: string,
  open: () => Promise<Oracle>,
  environment: Readonly<Record<string, string>>,
): Promise<Finding[]> {
  const findings: Finding[] = []
  const variables = new Map<string, string>([['SHOW_CONTEXT', 'errors']])
  const script = new PsqlScript(await readFile(file, 'utf8'), variables)
  let oracle = await open()
  const run = async (text: string, line: number): Promise<Reply> => {
    const { reply, verdict } = await oracle.run(text, () => script.data())
    findings.push({ file: name, line, text, verdict })
    script.backslashes = oracle.backslashes
    variables.set('ERROR', String(reply.error !== null))
    return reply
  }
  try {
    for (let step = script.next(); step !== null; step = script.next()) {
      if (step.kind === 'query') {
        if (step.by?.command === 'gdesc') continue
        const reply = await run(step.text, step.line)
        if (step.by?.command === 'gset') setVariables(variables, reply, step.by.arguments[0] ?? '')
        if (step.by?.command === 'gexec') for (const text of reply.rows.flat()) if (text !== null) await run(text, step.line)
      } else if (step.command === 'c' || step.command === 'connect') {
        await oracle.close()
        oracle = await open()
        const user = step.arguments[1]
        if (user !== undefined && user !== '-') await run(`set session authorization "${user}"`, step.line)
      } else if (step.command === 'copy') await copy(step.arguments[0] ?? '', step.line, run)
      else if (step.command === 'quit' || step.command === 'q') break
      else set(variables, step, environment)
    }
    return findings
  } finally {
    await oracle.close()
  }
}

/** `\copy` of the scripts reads what follows in them, and writes to the terminal. */
async function copy(words: string, line: number, run: (text: string, line: number) => Promise<Reply>): Promise<void> {
  if (/\b(?:stdin|stdout)\b/i.test(words)) await run(`copy ${words.replace(/;$/, '')}`, line)
}

function set(
  variables: Map<string, string>,
  { command, arguments: given }: Meta,
  environment: Readonly<Record<string, string>>,
): void {
  const [name = '', ...values] = given
  if (command === 'set') variables.set(name, values.join(''))
  else if (command === 'unset') variables.delete(name)
  else if (command === 'getenv') {
    const value = environment[values[0] ?? '']
    if (value !== undefined) variables.set(name, value)
  }
}

function setVariables(variables: Map<string, string>, { columns, rows }: Reply, prefix: string): void {
  for (const [index, column] of columns.entries()) {
    const value = rows[0]?.[index] ?? null
    if (value === null) variables.delete(`${prefix}${column}`)
    else variables.set(`${prefix}${column}`, value)
  }
}
