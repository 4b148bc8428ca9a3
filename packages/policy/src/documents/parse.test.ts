import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { parseDocuments } from './parse.ts'
import { DocumentError } from './problems.ts'

interface WrongFile {
  name: string
  source: string
  says: string
}

const wrong: WrongFile[] = parse(readFileSync(new URL('./wrong.yaml', import.meta.url), 'utf8'))

function problemsOf(source: string): string {
  try {
    parseDocuments(source, 'f')
  } catch (error) {
    if (error instanceof DocumentError) return `${error.problems.map((problem) => problem.shown).join('\n')}\n`
    throw error
  }
  return 'no problem'
}

describe('a file that is wrong', () => {
  it.each(wrong)('$name', ({ source, says }) => {
    expect(problemsOf(source)).toBe(says)
  })

  it('is refused with the code of the API and all mistakes in the message', () => {
    expect(() => parseDocuments('kind: A\n---\nkind: B\n', 'docs/all.yaml')).toThrow(
      expect.objectContaining({
        code: 'invalid_document',
        message: expect.stringMatching(/^docs\/all\.yaml:1:7: [\s\S]*\n\ndocs\/all\.yaml:3:7: /),
      }),
    )
  })

  it('that nests without end, or has thousands of mistakes, is still an error of modest size', () => {
    for (const source of ['['.repeat(50_000), '[\n'.repeat(20_000), '- - '.repeat(20_000), 'kind: X\n---\n'.repeat(3000)]) {
      const error = (() => {
        try {
          return parseDocuments(source, 'f')
        } catch (thrown) {
          return thrown
        }
      })()
      expect(error).toBeInstanceOf(DocumentError)
      expect((error as DocumentError).message.length).toBeLessThan(30_000)
    }
  })

  it.each([
    'login: { user: app, password: { evn: "hunter2, again" } }',
    'login: { user: app, pasword: hunter2 }',
    'login: hunter2',
    'login: [app, hunter2]',
    'login:\n  user: app\n  password:\n    plain: hunter2',
    'login: { user: app, password: "hunter2, and more", port: 1 }',
    'login: { user: app, key: [hunter2] }',
    'login: { user: app, certificate: { a: hunter2 }, key: { pem: hunter2 } }',
    'login: { user: [hunter2] }',
    'login: { user: app, password: hunter2 ',
  ])('does not repeat what may be a password: %s', (login) => {
    const says = problemsOf(`kind: Connection\nname: x\nprotocol: postgres\naddress: db:5432\ndatabases: [app]\n${login}\n`)
    expect(says).toContain('^')
    expect(says).not.toMatch(/hunter2|again|more/)
  })

  it('is told in time that grows with its length', () => {
    const began = performance.now()
    problemsOf('kind: X\n---\n'.repeat(30_000))
    problemsOf('kind: Role\nname: x\ngroups: [a]\nmay: [audit]\n---\n'.repeat(10_000))
    expect(performance.now() - began).toBeLessThan(15_000)
  })

  it('is a DocumentError whatever the text', () => {
    const piece = fc.constantFrom(
      'kind: ',
      'Policy',
      'Mask',
      '\n',
      'name: ',
      'a',
      'when: ',
      'then: deny',
      '---',
      '  ',
      '- ',
      '{',
      ']',
      '"',
      '&a ',
      '*a',
      '!!x',
      '|',
      ':',
    )
    fc.assert(
      fc.property(fc.array(fc.oneof(piece, fc.string({ maxLength: 5 })), { maxLength: 30 }), (pieces) => {
        try {
          parseDocuments(pieces.join(''), 'f')
        } catch (error) {
          expect(error).toBeInstanceOf(DocumentError)
        }
      }),
    )
  })
})

describe('a file that is right', () => {
  it('gives its documents with defaults and their lines; empty ones are skipped', () => {
    const parsed = parseDocuments(
      '# first\n---\nkind: Role\nname: a\ngroups: [x]\nmay: [audit]\n---\n---\nname: b\nkind: Policy\nthen: deny\n',
      'f',
    )
    expect(parsed).toEqual([
      { document: { kind: 'Role', name: 'a', groups: ['x'], may: ['audit'] }, file: 'f', line: 3 },
      {
        // biome-ignore lint/suspicious/noThenProperty: the document's own word
        document: { kind: 'Policy', name: 'b', connections: {}, identities: {}, when: 'true', then: 'deny' },
        file: 'f',
        line: 10,
      },
    ])
  })

  it('may be empty', () => {
    expect(parseDocuments('', 'f')).toEqual([])
  })
})
