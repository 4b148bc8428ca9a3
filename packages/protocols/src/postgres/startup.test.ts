import type { Profile } from '@hoop/contracts'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { ByteReader, ProtocolViolation } from '../bytes.ts'
import { judgeStartup, readOptions, readParameters, StartupRefused } from './startup.ts'

const judge = (parameters: Record<string, string>, profile: Profile = 'strict') =>
  judgeStartup(new Map(Object.entries({ user: 'ada', ...parameters })), ['shop', 'other'], profile)

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
    '-S 64 -S128 -e': [
      ['work_mem', '64'],
      ['work_mem', '128'],
      ['datestyle', 'ISO, DMY'],
    ],
    // No white space to the server.
    '-c a=b\u00a0-c\ufeffc=d': [['a', 'b\u00a0-c\ufeffc=d']],
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
  test('a search path, which is followed', () =>
    expect(judge({ options: '--search-path=audit' }).settings.get('search_path')).toBe('audit'))
  test('no replication, said aloud', () => expect(judge({ replication: 'off' }).settings.size).toBe(0))
  test('options of the protocol, which nobody knows here', () =>
    expect(judge({ '_pq_.grease': 'x' }).protocolOptions).toEqual(['_pq_.grease']))

  test('a setting by its own name wins over options, as on the server', () => {
    const { settings } = judge({ timezone: 'UTC', options: '-c timezone=CET' })
    expect(settings.get('timezone')).toBe('UTC')
  })
  // What each sends of itself, with what people commonly add.
  const drivers: Readonly<Record<string, Record<string, string>>> = {
    pgjdbc: {
      client_encoding: 'UTF8',
      DateStyle: 'ISO',
      TimeZone: 'GMT-3',
      extra_float_digits: '2',
      application_name: 'DBeaver 24.1.0 - Main <sales>',
      options: '-c statement_timeout=5min',
    },
    npgsql: { client_encoding: 'UTF8', application_name: 'shop', TimeZone: 'Europe/Berlin' },
    asyncpg: { client_encoding: "'utf-8'", jit: 'off', application_name: 'x' },
    pgx: { application_name: 'x', timezone: 'UTC', default_transaction_read_only: 'on', plan_cache_mode: 'auto' },
    'lib/pq': { client_encoding: 'UTF8', datestyle: 'ISO, MDY', extra_float_digits: '2' },
    libpq: {
      application_name: 'psql',
      client_encoding: 'UTF8',
      datestyle: 'ISO',
      timezone: 'UTC',
      geqo: 'off',
      options: '-cgeqo=off',
    },
    'node-postgres': {
      client_encoding: 'UTF8',
      lock_timeout: '5',
      idle_in_transaction_session_timeout: '5',
      replication: 'false',
    },
    sqlx: { DateStyle: 'ISO, MDY', client_encoding: 'UTF8', TimeZone: 'UTC', extra_float_digits: '3' },
    'r2dbc and vertx': { DateStyle: 'ISO', extra_float_digits: '2', lock_timeout: '1s', transaction_timeout: '1s' },
  }
  for (const [name, parameters] of Object.entries(drivers))
    test(`what ${name} sends`, () => expect(judge(parameters).database).toBe('shop'))

  test('all of it as it came with the profile transparent', () => {
    const { settings, application, protocolOptions } = judge(
      { Search_Path: 'evil', client_encoding: 'LATIN1', Application_Name: 'me', options: '-c role=dba -x', '_pq_.x': '1' },
      'transparent',
    )
    expect(Object.fromEntries(settings)).toEqual({
      Search_Path: 'evil',
      client_encoding: 'LATIN1',
      Application_Name: 'me',
      options: '-c role=dba -x',
    })
    expect([application, protocolOptions]).toEqual(['me', ['_pq_.x']])
    expect(() => judge({ replication: 'database' }, 'transparent')).toThrow(expect.objectContaining({ code: '0A000' }))
  })

  const refused: Readonly<Record<string, [Record<string, string>, string]>> = {
    'arrays without NULL': [{ array_nulls: 'off' }, '42501'],
    'no user': [{ user: '' }, '28000'],
    'another database': [{ database: 'postgres' }, '3D000'],
    replication: [{ replication: 'true' }, '0A000'],
    'replication of a database': [{ replication: 'database' }, '0A000'],
    'another encoding': [{ client_encoding: 'SJIS' }, '42501'],
    'backslashes in strings': [{ options: '-c standard_conforming_strings=off' }, '42501'],
    'another role': [{ options: '-c role=postgres' }, '42501'],
    'another role, in capitals': [{ options: '-c ROLE=postgres' }, '42501'],
    'a search path that is none': [{ search_path: 'a,' }, '42501'],
    'a setting named like a property': [{ constructor: 'x' }, '42501'],
    'session authorization': [{ session_authorization: 'postgres' }, '42501'],
    'a library': [{ options: '-c local_preload_libraries=x' }, '42501'],
    backslash_quote: [{ backslash_quote: 'on' }, '42501'],
    'an option of another kind': [{ options: '-x 5' }, '0A000'],
  }
  for (const [name, [parameters, code]] of Object.entries(refused)) {
    test(`not ${name}`, () => expect(() => judge(parameters)).toThrow(expect.objectContaining({ code })))
  }
})
