import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { apiErrors, exitCodes } from '@hoop/contracts'
import { completeDeviceLogin, demoUsers, hoopEnvironment, Program } from '@hoop/demo'
import pg from 'pg'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { exitCodeMeanings } from '../../packages/cli/src/present/exit-codes.ts'
import { applyDocuments, hoop, keepUntilEnd, requires, type System, startSystem, temporaryFolder } from '../support/index.ts'
import { anchorOf, type Block, type Page, readPages, relativeLinks, root, tableRows } from './pages.ts'

/** The gateway of the examples. */
const documentedGateway = 'http://127.0.0.1:8010'

const pages = readPages()
const page = (path: string): Page => pages.find((each) => each.path === path)!
const blocks = pages.flatMap((each) => each.blocks)
const named = (some: readonly Block[]): [string, Block][] => some.map((block) => [`${block.page}:${block.line}`, block])
const source = (path: string): string => readFileSync(join(root, path), 'utf8')

const keep = keepUntilEnd(afterAll)
let system: System
beforeAll(async () => {
  system = await keep(startSystem({ sample: { customers: 50 } }))
})

describe('every block of shell commands runs', () => {
  const shell = blocks.filter(({ language }) => language === 'sh')
  const here = shell.filter(({ options }) => options.elsewhere === undefined)

  test.each(named(shell.filter((block) => !here.includes(block))))('%s: elsewhere', (_, { text, options }) => {
    const where = source(options.elsewhere!)
    const { scripts } = JSON.parse(source('package.json')) as { scripts: Record<string, string> }
    for (const line of text.split('\n')) {
      const [, script = ''] = /^npm (?:run )?([\w:]+)$/.exec(line) ?? []
      const command = scripts[script]?.split('&& ').at(-1) ?? ''
      // As it is typed here, or as the words that the npm script hands on.
      expect(where.includes(line) || (command.startsWith('hoop ') && where.includes(`'${command.slice(5)}'`)), line).toBe(true)
    }
  })

  describe.each(named(here))('%s', (_, block) => {
    beforeEach((context) => {
      if (/\bpsql\b/.test(block.text)) requires(context, 'psql')
    })
    test('as it stands', () => type(block), 120_000)
  })

  async function type(block: Block): Promise<void> {
    const { as: user = '', until = null } = block.options
    const commands = block.text.replaceAll(documentedGateway, system.gateway.url).split('\n')
    const logsIn = commands.some(isLogin)
    const home = logsIn ? (await keep(temporaryFolder('docs'))).path : await system.home(user)
    for (const command of commands) await run(command, { user, home, until: command === commands.at(-1) ? until : null })
  }

  /** Types the command in a shell, as it stands on the page. */
  async function run(command: string, { user, home, until }: { user: string; home: string; until: string | null }) {
    const program = await Program.start('bash', ['-c', command], { cwd: root, env: shellEnvironment(home) })
    try {
      if (isLogin(command)) {
        const url = await program.find('stderr', (line) => /https?:\/\/\S+[?&]user_code=\S+/.exec(line)?.[0])
        await completeDeviceLogin(url, demoUsers.find(({ name }) => name === user)!)
      }
      if (until !== null) {
        await staysUntil(program, until)
        // As Ctrl-C does: the shell and all that it started.
        process.kill(-program.pid, 'SIGINT')
      }
      const { code, stdout, stderr } = await program.finish()
      expect(`${stdout}${stderr}`).not.toMatch(/^ +at .*:\d+/m)
      // npx itself may die of the signal.
      expect(until === null ? [0] : [0, 130, null], `${command}\n${stdout}${stderr}`).toContain(code)
    } finally {
      await program.stop('SIGKILL')
    }
  }
})

const isLogin = (command: string): boolean => /^npx hoop login( |$)/.test(command)

/** A person's own shell: their Node is the repository's, their settings are the test's. */
function shellEnvironment(home: string): Record<string, string> {
  const path = `${join(root, 'node_modules', '.bin')}:${process.env.PATH}`
  return { ...hoopEnvironment(home, process.env), PATH: path, NO_UPDATE_NOTIFIER: '1' }
}

/** Uses the connection string, if one with a password is printed, and waits until the program says `text` on either output. */
async function staysUntil(program: Program, text: string): Promise<void> {
  const url = await program.find('stdout', (line) => /postgresql:\/\/\S+/.exec(line)?.[0])
  if (new URL(url).password !== '') {
    const client = new pg.Client(url)
    await client.connect()
    await client.query('SELECT count(*) FROM orders')
    await client.end()
  }
  const said = (line: string) => line.includes(text) || undefined
  await Promise.any([program.find('stdout', said), program.find('stderr', said)])
}

describe('every block of YAML is a document that can be applied', () => {
  const yaml = blocks.filter(({ language }) => language === 'yaml')

  test.each(named(yaml))('%s', async (_, { text }) => {
    await applyDocuments(await system.home('root-admin'), text)
  })

  test('all of a file, or nothing', async () => {
    const home = await system.home('root-admin')
    const folder = await keep(temporaryFolder('docs'))
    const file = join(folder.path, 'all.yaml')
    const anew = yaml.map(({ text }) => text.replace(/^name: /m, 'name: anew-'))
    await writeFile(file, [...anew, 'kind: Policy\nname: anew-wrong\nthen: maybe'].join('\n---\n'))
    const { code, stdout, stderr } = await hoop(['apply', '-f', file], { home })
    expect({ code, stdout }).toEqual({ code: exitCodes.usage, stdout: '' })
    // A mistake is shown with its line and a caret under it.
    expect(stderr).toMatch(/\n +then: maybe\n +\^\^\^\^\^\n/)
    for (const kind of ['Connection', 'Access', 'Policy', 'Mask', 'Role']) {
      expect((await hoop(['get', kind], { home })).stdout).not.toContain('anew-')
    }
  })
})

test('every other block is a picture or what something prints, and says what shows that', () => {
  const others = blocks.filter(({ language, page: path }) => path.startsWith('docs/') && !['sh', 'yaml'].includes(language))
  for (const { language, options, page: path, line, text } of others) {
    expect(language, `${path}:${line}`).toBe('text')
    const where = options['shown-by']
    if (where === undefined) expect(text, `${path}:${line}`).toMatch(/[│║]/)
    else expect(source(where), `${path}:${line}`).toMatch(new RegExp(`${path}|${text.split(' ').slice(0, 4).join(' ')}`))
  }
})

describe('commands in the text', () => {
  const commands = commandNames()
  const spans = pages.flatMap(({ path, spans: all }) => all.map((span) => ({ path, span: span.replace(/^npx /, '') })))
  const typed = spans.filter(({ span }) => /^hoop [a-z]/.test(span))

  const helps = new Map<string, string>()

  beforeAll(async () => {
    for (const command of commands) helps.set(command, await answer(...command.split(' '), '--help'))
  }, 120_000)

  async function answer(...args: string[]): Promise<string> {
    const { code, stdout, stderr } = await hoop(args, { home: await system.home('ada') })
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    return stdout
  }

  /** Whether there is such a command with such flags. */
  function expectKnown(typed: string, where: string): void {
    const words = typed.split(' -- ')[0]!.split(' ').slice(1)
    if (words[0] === 'help') return
    const help = helps.get(words.slice(0, 2).join(' ')) ?? helps.get(words[0]!)
    expect(help, `${where}: ${typed}`).toBeDefined()
    for (const [flag] of words.join(' ').matchAll(/(?<=^|[ [])--?[a-z][a-z-]*/g)) {
      // Every command takes it, and none lists it.
      if (flag === '--help') continue
      expect(help, `${where}: ${typed}`).toMatch(new RegExp(`(^|[ ,])${flag}\\b`, 'm'))
    }
  }

  test('every command that is named exists, with its flags', () => {
    for (const { path, span } of typed) expectKnown(span, path)
  })

  test('so do those of the examples in the help', () => {
    for (const [command, help] of helps) {
      const examples = [...(help.split('\nEXAMPLES\n')[1] ?? '').matchAll(/^ +\$ (.*)$/gm)].map(([, example = '']) => example)
      for (const example of examples) {
        expect(example).toContain(`hoop ${command}`)
        expectKnown(example, `hoop ${command} --help`)
      }
    }
  })

  test('docs/cli.md has a row for each command, and every flag that a page names alone exists', () => {
    const rows = tableRows(page('docs/cli.md'), 'command').map(([cell = '']) => cell)
    const listed = rows.flatMap((cell) => {
      const inRow = [...(cell.includes('`') ? cell : `\`${cell}\``).matchAll(/`([^`]+)`/g)].map(([, span = '']) => span)
      const topic = /^hoop (\w+)/.exec(inRow[0] ?? '')?.[1] ?? ''
      return inRow.map((span) => (span.startsWith('hoop ') ? span.slice(5) : `${topic} ${span}`))
    })
    // The longest: `gateway` is a command, and `gateway check` another.
    const longestFirst = commands.toSorted((a, b) => b.length - a.length)
    const found = listed.map((span) => longestFirst.find((name) => `${span} `.startsWith(`${name} `)) ?? span)
    expect([...new Set(found.filter((name) => !name.startsWith('help')))].sort()).toEqual(
      commands.filter((name) => name !== 'exit-codes').sort(),
    )
    // Those of `npm run bench` stand as node:util's parseArgs takes them.
    const measuring = [...source('test/bench/options.ts').matchAll(/^ +([a-z]+): \{ type: '/gm)].map(([, name]) => `--${name}`)
    const all = [...helps.values(), ...measuring]
    for (const { path, span } of spans) {
      if (/^--[a-z-]+$/.test(span))
        expect(
          all.some((help) => help.includes(span)),
          `${path}: ${span}`,
        ).toBe(true)
    }
  })

  test('every npm script that is named exists', () => {
    const { scripts } = JSON.parse(source('package.json')) as { scripts: Record<string, string> }
    for (const { path, span } of spans) {
      const script = /^npm (?:run )?([\w:]+)/.exec(span)?.[1]
      if (script !== undefined) expect(scripts, `${path}: ${span}`).toHaveProperty(script)
    }
  })
})

/** `connect`, `sessions show`, … */
function commandNames(): string[] {
  const folder = join(root, 'packages/cli/src/commands')
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => name.slice(0, -3).replace('/', ' '))
}

describe('tables say what the code says', () => {
  test('exit codes', () => {
    const documented = tableRows(page('docs/cli.md'), 'code').map(([code, meaning]) => [Number(code), meaning])
    expect(documented).toEqual(exitCodeMeanings.map(([code, , meaning]) => [code, meaning]))
    expect(documented.map(([code]) => code)).toEqual(Object.values(exitCodes))
  })

  test('errors of the API', () => {
    const errors = page('docs/errors.md').prose.split('## Errors of the API')[1] ?? ''
    const documented = tableRows({ ...page('docs/errors.md'), prose: errors }, 'code')
    expect(documented).toEqual(Object.entries(apiErrors).map(([code, { status, exit }]) => [code, String(status), String(exit)]))
  })

  test('refusals and their SQLSTATE', () => {
    const table = /const sqlStates = \{(.*?)\}/s.exec(source('packages/protocols/src/postgres/refusals.ts'))?.[1] ?? ''
    const states = [...table.matchAll(/(\w+): '(\w{5})'/g)].map(([, code, state]) => [code, state])
    const documented = tableRows(page('docs/errors.md'), 'code').map(([code, state]) => [code, state])
    expect(documented.sort()).toEqual(states.sort())
  })

  test('other errors of a connection', () => {
    const folder = 'packages/protocols/src/postgres'
    const files = readdirSync(join(root, folder)).filter((name) => /^[a-z-]+\.ts$/.test(name))
    const code = files.map((name) => source(join(folder, name))).join('\n')
    const sent = [...code.matchAll(/(?:'FATAL', |StartupRefused\(\s*)'(\w{5})'/g)].map(([, state]) => state)
    const documented = tableRows(page('docs/errors.md'), 'SQLSTATE').map(([state]) => state)
    expect(documented.toSorted()).toEqual([...new Set(sent)].sort())
  })

  test('environment variables', () => {
    const settings = source('packages/tunnel-server/src/settings.ts')
    const read = new Set([...settings.matchAll(/HOOP_[A-Z_]+/g)].map(([name]) => name))
    const documented = tableRows(page('docs/gateway.md'), 'variable').flatMap(([cell = '']) => cell.match(/HOOP_[A-Z_]+/g) ?? [])
    expect(documented.sort()).toEqual([...read].sort())
    const everywhere = sources().join('\n')
    for (const { path, prose } of pages) {
      for (const [name] of prose.matchAll(/\bHOOP_[A-Z_]+\b/g)) expect(everywhere.includes(name), `${path}: ${name}`).toBe(true)
    }
  })
})

function sources(): string[] {
  const files = ['packages', 'test/support'].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).map((name) => join(folder, name)),
  )
  return files.filter((name) => name.endsWith('.ts') && !name.includes('node_modules')).map(source)
}

describe('what is pointed at is there', () => {
  test.each(pages.map((each) => [each.path, each] as const))('%s', (path, each) => {
    for (const { target, anchor } of relativeLinks(each)) {
      expect(existsSync(join(root, target)), `${path} → ${target}`).toBe(true)
      const headings = pages.find((other) => other.path === target)?.headings ?? []
      if (anchor !== null) expect(headings.map(anchorOf), `${path} → ${target}#${anchor}`).toContain(anchor)
    }
    const folders = [...readdirSync(root), ...readdirSync(join(root, 'packages'))]
    for (const span of each.spans) {
      const [first = '', second] = span.split('/')
      if (second === undefined || /[\s*{<…]/.test(span) || !folders.includes(first)) continue
      const places = [span, join('packages', span)].map((place) => join(root, place))
      expect(
        places.some((place) => existsSync(place)),
        `${path}: ${span}`,
      ).toBe(true)
    }
  })
})
