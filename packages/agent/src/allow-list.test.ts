import { kindOf } from '@hoop/tunnel'
import { describe, expect, test } from 'vitest'
import { AllowList } from './allow-list.ts'

describe('where no list leads', () => {
  test.each([
    ['169.254.169.254', 'never'],
    ['169.254.0.1', 'never'],
    ['0.0.0.0', 'never'],
    ['0.1.2.3', 'never'],
    ['224.0.0.1', 'never'],
    ['240.0.0.1', 'never'],
    ['255.255.255.255', 'never'],
    ['100.100.100.200', 'never'],
    ['168.63.129.16', 'never'],
    ['::', 'never'],
    ['fe80::1', 'never'],
    ['febf::1', 'never'],
    ['ff02::1', 'never'],
    ['fd00:ec2::254', 'never'],
    ['fd20:ce::254', 'never'],
    // The same IPv4 addresses, written as IPv6.
    ['::ffff:169.254.169.254', 'never'],
    ['::ffff:a9fe:a9fe', 'never'],
    ['::ffff:0:a9fe:a9fe', 'never'],
    ['64:ff9b::a9fe:a9fe', 'never'],
    ['64:ff9b:1::a9fe:a9fe', 'never'],
    ['2002:a9fe:a9fe::1', 'never'],
    ['::a9fe:a9fe', 'never'],
    ['::ffff:0.0.0.0', 'never'],
    ['127.0.0.1', 'loopback'],
    ['127.255.0.3', 'loopback'],
    ['::1', 'loopback'],
    ['::ffff:127.0.0.1', 'loopback'],
    ['64:ff9b::7f00:1', 'loopback'],
    ['10.0.0.1', 'ordinary'],
    ['169.253.255.255', 'ordinary'],
    ['192.168.1.1', 'ordinary'],
    ['8.8.8.8', 'ordinary'],
    ['fd12::5', 'ordinary'],
    ['2001:db8::169', 'ordinary'],
    ['::ffff:10.0.0.1', 'ordinary'],
    ['fec0::1', 'never'],
  ])('%s: %s', (address, kind) => {
    expect(kindOf(address)).toBe(kind)
  })
})

describe('what a list allows', () => {
  const list = AllowList.parse([
    'db.internal:5432, DB2.internal.:5432-5434',
    '10.1.2.3:5432',
    '10.2.0.0/16:6000-6001',
    '[fd12::/48]:5432,[2001:db8::5]:1',
    'unix:/run/postgresql/.s.PGSQL.5432',
    '0.0.0.0/0:7000',
    '[::/0]:7000',
    'localhost:8000,127.0.0.1:8001,127.0.0.0/8:8002',
  ])
  test.each<[string, string, number, ReturnType<AllowList['refusal']>]>([
    ['db.internal', '10.9.9.9', 5432, null],
    ['DB.Internal.', '10.9.9.9', 5432, null],
    ['db.internal', '10.9.9.9', 5433, 'notListed'],
    ['db2.internal', '10.9.9.9', 5434, null],
    ['db2.internal', '10.9.9.9', 5435, 'notListed'],
    ['xdb.internal', '10.9.9.9', 5432, 'notListed'],
    ['db.internal.evil.example', '10.9.9.9', 5432, 'notListed'],
    ['db.internal', '169.254.169.254', 5432, 'neverDialled'],
    ['db.internal', '127.0.0.1', 5432, 'neverDialled'],
    ['db.internal', '::1', 5432, 'neverDialled'],
    ['db.internal', '::ffff:127.0.0.1', 5432, 'neverDialled'],
    ['10.1.2.3', '10.1.2.3', 5432, null],
    ['elsewhere.example', '10.1.2.3', 5432, null],
    ['10.1.2.4', '10.1.2.4', 5432, 'notListed'],
    ['10.2.255.255', '10.2.255.255', 6001, null],
    ['10.3.0.0', '10.3.0.0', 6001, 'notListed'],
    ['10.2.0.1', '10.2.0.1', 6002, 'notListed'],
    ['fd12::5', 'fd12::5', 5432, null],
    ['fd13::5', 'fd13::5', 5432, 'notListed'],
    ['2001:db8:0::5', '2001:db8:0::5', 1, null],
    ['a', '8.8.8.8', 7000, null],
    ['a', '169.254.1.1', 7000, 'neverDialled'],
    ['a', '127.0.0.1', 7000, 'neverDialled'],
    ['a', '::1', 7000, 'neverDialled'],
    ['localhost', '127.0.0.1', 8000, null],
    ['localhost', '::1', 8000, null],
    ['127.0.0.1', '127.0.0.1', 8000, 'notListed'],
    ['127.0.0.1', '127.0.0.1', 8001, null],
    ['localhost', '127.0.0.1', 8001, null],
    ['127.0.0.1', '127.0.0.1', 8002, 'neverDialled'],
  ])('%s at %s, port %d: %s', (host, address, port, refusal) => {
    expect(list.refusal(host, address, port)).toBe(refusal)
  })

  test('sockets by their exact path', () => {
    expect(list.refusalOfSocket('/run/postgresql/.s.PGSQL.5432')).toBeNull()
    expect(list.refusalOfSocket('/run/postgresql/../postgresql/.s.PGSQL.5432')).toBe('notListed')
    expect(list.refusalOfSocket('/run/docker.sock')).toBe('notListed')
  })

  test('a name is looked up only where something at its port could be listed', () => {
    expect(list.mayLookUp('db.internal', 5432)).toBe(true)
    expect(list.mayLookUp('other.internal', 5433)).toBe(false)
    expect(list.mayLookUp('other.internal', 6000)).toBe(true)
  })
})

test.each([
  'db',
  'db:',
  ':5432',
  'db:0',
  'db:65536',
  'db:2-1',
  'a b:1',
  '10.0.0.0/33:1',
  '[::/129]:1',
  'db/8:1',
  '1.2.3:1',
  '[::1:1',
  'http://db:1',
  '*:1',
  'unix:relative',
  ' , ',
])('%s is not understood, and nothing is allowed by mistake', (entry) => {
  expect(() => AllowList.parse([entry])).toThrow(expect.objectContaining({ code: 'invalid_request' }))
})
