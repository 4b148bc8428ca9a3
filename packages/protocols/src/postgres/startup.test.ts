import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { ByteReader, ProtocolViolation } from '../bytes.ts'
import { judgeStartup, readOptions, readParameters, StartupRefused } from './startup.ts'

const judge = (parameters: Record<string, string>) =>
  judgeStartup(new Map(Object.entries({ user: 'ada', ...parameters })), ['shop', 'other'], 'strict')

describe('parameters', () => {
  const readAll = (text: string) => readParameters(new ByteReader(Buffer.from(text)))
  test('are pairs with an end', () => {
    expect([...readAll('user\0ada\0database\0shop\0\0')]).toEqual([
      ['user', 'ada'],
      ['database', 'shop'],
    ])
  })
  for (const wrong of ['', 'user\0ada\0', 'user\0', 'user\0ada\0\0x', 'user\0ada\0user\0bob\0\0', '\0x\0\0', 'user\0ada\0x'])
    test(`not ${JSON.stringify(wrong)}`, () => expect(() => readAll(wrong)).toThrow(ProtocolViolation))
  test('garbage is a violation', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (garbage) => {
        try {
          readParameters(new ByteReader(Buffer.from(garbage)))
        } catch (error) {
          expect(error).toBeInstanceOf(ProtocolViolation)
        }
      }),
    )
  })
})

describe('options', () => {
  const cases: Readonly<Record<string, [string, string][]>> = {
    '': [],
    '  ': [],
    '-c a=b': [['a', 'b']],
    '-ca=b': [['a', 'b']],
    '--a=b': [['a', 'b']],
    '--statement-timeout=5': [['statement_timeout', '5']],
    '-c a=b -c c=d': [
      ['a', 'b'],
      ['c', 'd'],
    ],
    '-c a=b\\ c\\\\d': [['a', 'b c\\d']],
    '-c a=b=c': [['a', 'b=c']],
    '-c a=': [['a', '']],
    '\t-c\n a=b': [['a', 'b']],
  }
  for (const [text, settings] of Object.entries(cases))
    test(JSON.stringify(text), () => expect(readOptions(text)).toEqual(settings))
  for (const wrong of ['-c', '-c a', '-d 5', 'a=b', '--a', '-c =b', '-B', '-c a=b x', '-- c=d'])
    test(`not ${JSON.stringify(wrong)}`, () => expect(() => readOptions(wrong)).toThrow(StartupRefused))
})

describe('what a caller may bring', () => {
  test('the first database is the default', () => expect(judge({}).database).toBe('shop'))
  test('another one of the connection', () => expect(judge({ database: 'other' }).database).toBe('other'))
  test('settings, in either way', () => {
    const { settings } = judge({ DateStyle: 'ISO', client_encoding: 'UTF8', options: '-c statement_timeout=5 -c TimeZone=UTC' })
    expect(Object.fromEntries(settings)).toEqual({ datestyle: 'ISO', statement_timeout: '5', timezone: 'UTC' })
  })
  test('no replication, said aloud', () => expect(judge({ replication: 'off' }).settings.size).toBe(0))
  test('options of the protocol, which nobody knows here', () =>
    expect(judge({ '_pq_.grease': 'x' }).protocolOptions).toEqual(['_pq_.grease']))

  const refused: Readonly<Record<string, [Record<string, string>, string]>> = {
    'no user': [{ user: '' }, '28000'],
    'another database': [{ database: 'postgres' }, '3D000'],
    replication: [{ replication: 'true' }, '0A000'],
    'replication of a database': [{ replication: 'database' }, '0A000'],
    'another encoding': [{ client_encoding: 'SJIS' }, '0A000'],
    'backslashes in strings': [{ options: '-c standard_conforming_strings=off' }, '0A000'],
    'another role': [{ options: '-c role=postgres' }, '42501'],
    'another role, in capitals': [{ options: '-c ROLE=postgres' }, '42501'],
    'another search path': [{ search_path: 'evil' }, '42501'],
    'another search path by dashes': [{ options: '--search-path=evil' }, '42501'],
    'session authorization': [{ session_authorization: 'postgres' }, '42501'],
    'a library': [{ options: '-c local_preload_libraries=x' }, '42501'],
    backslash_quote: [{ backslash_quote: 'on' }, '42501'],
    'an option of another kind': [{ options: '-x 5' }, '0A000'],
  }
  for (const [name, [parameters, code]] of Object.entries(refused)) {
    test(`not ${name}`, () => expect(() => judge(parameters)).toThrow(expect.objectContaining({ code })))
  }
})
