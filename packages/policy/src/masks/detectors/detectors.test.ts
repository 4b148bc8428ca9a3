import { type Detectors, detectorKinds, MaskDocument } from '@hoop/contracts'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { valueDetectors } from './detectors.ts'

const all = ['national-id', ...detectorKinds]
function detectors(mask: object, ...more: object[]): Detectors {
  const masks = [mask, ...more].map((each, index) => MaskDocument.parse({ kind: 'Mask', name: `m${index}`, ...each }))
  const made = valueDetectors(masks, Buffer.alloc(32))
  if (made === null) throw new Error('nothing is detected')
  return made
}
const whole = detectors({ detect: all })

/** What is found, each in the form `kind value`. */
function found(text: string, by = whole): string[] {
  const bytes = Buffer.from(text)
  return by.find(bytes, 0, bytes.length).map(({ kind, start, end }) => `${kind} ${bytes.subarray(start, end).toString()}`)
}

const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')
const jwt = `${part({ alg: 'HS256', typ: 'JWT' })}.${part({ sub: '1' })}.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U`
const body = `${'A1b/'.repeat(16)}\n${'c2D+'.repeat(10)}`
const pem = `-----BEGIN RSA PRIVATE KEY-----\n${body}\n-----END RSA PRIVATE KEY-----`
const awsSecret = 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY'

describe('each kind', () => {
  it.each([
    ['card', '4111 1111 1111 1111'],
    ['iban', 'DE89370400440532013000'],
    ['iban', 'GB29 NWBK 6016 1331 9268 19'],
    ['email', 'anna.b+x@mail.example.co.uk'],
    ['email', 'jörg@größe.example'],
    ['phone', '+49 30 1234567'],
    ['phone', '+49 (0)30 1234-567'],
    ['phone', '+14155552671'],
    ['phone', '(415) 555-2671'],
    ['phone', '415-555-2671'],
    ['phone', '020 7946 0958'],
    ['phone', '0151/23456789'],
    ['phone', '01 23 45 67 89'],
    ['us-ssn', '123-45-6789'],
    ['uk-nino', 'AB123456C'],
    ['uk-nino', 'AB 12 34 56 C'],
    ['de-steuer-id', '86095742719'],
    ['de-steuer-id', '86 095 742 719'],
    ['fr-nir', '185057800608491'],
    ['fr-nir', '1 85 05 78 006 084 91'],
    ['es-dni', '12345678Z'],
    ['es-dni', 'X1234567L'],
    ['it-codice-fiscale', 'RSSMRA85T10A562S'],
    ['pl-pesel', '44051401359'],
    ['se-personnummer', '811218-9876'],
    ['se-personnummer', '19811218-9876'],
    ['br-cpf', '529.982.247-25'],
    ['br-cpf', '52998224725'],
    ['in-aadhaar', '2345 6789 0124'],
    ['ip', '10.0.0.12'],
    ['ip', '2001:db8::1'],
    ['ip', '::ffff:10.1.2.3'],
    ['ip', 'fe80:0:0:0:1ff:fe23:4567:890a'],
    ['jwt', jwt],
    ['cloud-key', 'AKIAIOSFODNN7EXAMPLE'],
    ['cloud-key', 'AIzaSyDaGmWKa4JsXZ-HjGw7ISLn_3namBGewQe'],
    ['cloud-key', 'ghp_16C7e42F292c6912E7710c838347Ae178B4a'],
    ['cloud-key', 'glpat-abcdefghijklmnopqrst'],
    ['cloud-key', 'xoxb-123456789012-abcdefGHIJ'],
    ['cloud-key', 'sk_live_4eC39HqLyjWDarjtT1zdp7dc'],
    ['private-key', pem],
    ['private-key', pem.replaceAll('\n', '\\n')],
  ])('%s: %s', (kind, value) => {
    for (const text of [value, ` ${value} `, `"${value}"`, `a=${value}, b`, `(${value})`, `${value}\n`, `x\t${value}\ty`]) {
      expect(found(text), text).toEqual([`${kind} ${value}`])
    }
  })

  it.each([
    ['bsn: 111222333', 'nl-bsn 111222333'],
    ['customer_ssn = 123456789', 'us-ssn 123456789'],
    ['Aadhaar no. 234567890124', 'in-aadhaar 234567890124'],
    [`aws_secret_access_key = ${awsSecret}`, `cloud-key ${awsSecret}`],
    [`"SecretAccessKey": "${awsSecret}"`, `cloud-key ${awsSecret}`],
    [awsSecret, `cloud-key ${awsSecret}`],
    ['10.0.0.1:8080', 'ip 10.0.0.1'],
    ['http://10.0.0.1/', 'ip 10.0.0.1'],
    ['https://a:b@db.example.org/x', 'email b@db.example.org'],
  ])('what stands beside it says so: %s', (text, expected) => {
    expect(found(text)).toEqual([expected])
  })

  it.each([
    [
      'checksums that are wrong',
      'DE89370400440532013001 12345678A 86095742718 44051401358 529.982.247-26 811218-9875 4111111111111112',
    ],
    ['versions', 'v1.2.3.4 version 1.2.3.4 Chrome/120.0.6099.71 1.2.3 lodash@4.17.21 a@1.2.3-beta'],
    ['moments', '2026-11-23 22:59:58.123+00:00 20261123225958 202611232259 1795474798123 23/11/2026 12:34:56'],
    ['numbers', '111222333 123456789 1234567 4155552671 1,234,567.89 0.4111111111111111 3.14159'],
    ['UUIDs', '550e8400-e29b-41d4-a716-446655440000 12345678-1234-1234-1234-123456789012'],
    ['hexadecimal', 'da39a3ee5e6b4b0d3255bfef95601890afd80709 00:1a:2b:3c:4d:5e 0xdeadbeef'],
    ['casts and names', "id::date 1::dec std::vector a::b 'x'::face git@github.com:a/b logo@2x.png user@host"],
    ['addresses of nobody', '127.0.0.1 0.0.0.0 ::1 ::'],
    [
      'beginnings of tokens',
      'eyJhbGciOiJ.abc.def ghp_short ghp_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx AKIASHORT -----BEGIN CERTIFICATE-----',
    ],
    ['public keys', `-----BEGIN PUBLIC KEY-----\n${body}\n-----END PUBLIC KEY-----`],
  ])('leaves %s', (_, text) => {
    expect(found(text)).toEqual([])
  })
})

it('reads nothing outside of the range', () => {
  const value = '10.0.0.12'
  const bytes = Buffer.from(`9${value}9`)
  expect(whole.find(bytes, 1, 1 + value.length)).toMatchObject([{ start: 1, end: 10 }])
  expect(whole.find(bytes, 0, bytes.length)).toEqual([])
})

it('finds in order and without overlaps, and masks in place whatever the bytes are', () => {
  const piece = fc.constantFrom(
    jwt,
    pem,
    awsSecret,
    'a@b.co',
    '4111 1111 1111 1111',
    '+49 30 1234567',
    '2001:db8::1',
    '-',
    '_',
    '.',
    ':',
    '@',
    ' ',
    'A',
  )
  const property = fc.property(fc.array(fc.oneof(piece, fc.string({ unit: 'binary' }), fc.nat().map(String))), (pieces) => {
    const bytes = Buffer.from(pieces.join(''))
    const findings = whole.find(bytes, 0, bytes.length)
    let before = 0
    for (const { start, end } of findings) {
      expect(start).toBeGreaterThanOrEqual(before)
      expect(end).toBeGreaterThan(start)
      before = end
    }
    expect(before).toBeLessThanOrEqual(bytes.length)
    const { length } = bytes
    whole.blank(bytes, findings)
    expect(bytes.length).toBe(length)
  })
  fc.assert(property, { numRuns: 500 })
})

describe('what is found is shown', () => {
  it.each([
    ['4111 1111 1111 1111', '**** **** **** 1111'],
    ['DE89370400440532013000', 'DE****************3000'],
    ['anna.b@mail.example', 'a***.*@mail.example'],
    ['ab@mail.example', '**@mail.example'],
    ['(415) 555-2671', '(***) ***-**71'],
    ['10.0.0.12', '**.*.*.**'],
    ['123-45-6789', '***-**-****'],
  ])('in part: %s as %s', (value, shown) => {
    expect(detectors({ detect: all, method: 'partial' }).text(`x ${value} y`).text).toBe(`x ${shown} y`)
  })

  it.each(['redact', 'fixed', 'null'])('by %s as stars, separators kept', (method) => {
    expect(detectors({ detect: all, method }).text('a@b.co 4111-1111-1111-1111').text).toBe('*@*.** ****-****-****-****')
  })

  it('by its hash, which is the same however it is grouped', () => {
    const hashing = detectors({ detect: all, method: 'hash' })
    const shown = hashing.text('4111 1111 1111 1111').text
    expect(shown).toMatch(/^[0-9a-f]{4}( [0-9a-f]{4}){3}$/)
    expect(hashing.text('4111111111111111').text).toBe(shown.replaceAll(' ', ''))
    expect(hashing.text('5555 5555 5555 4444').text).not.toBe(shown)
  })

  it('by the strictest mask of its kind, and counted by it', () => {
    const two = detectors({ detect: ['card', 'email'] }, { detect: ['card', 'ip'], method: 'partial' })
    expect(two.text('4111111111111111 a@b.co 10.0.0.12')).toEqual({
      text: '**************** *@*.** **.*.*.**',
      masked: { 'Mask/m0': 2, 'Mask/m1': 1 },
    })
  })

  it('with escapes whole', () => {
    const json = JSON.stringify(pem)
    expect(JSON.parse(whole.text(json).text).split('\n')).toHaveLength(4)
  })
})

describe('patterns', () => {
  const badges = detectors({ patterns: [{ name: 'badge', re2: 'B-[0-9]{4}|Größe [a-zé]+' }] })

  it('are found by their names', () => {
    expect(found('é B-1234 Größe é', badges)).toEqual(['badge B-1234', 'badge Größe é'])
    expect(badges.text('é B-1234')).toEqual({ text: 'é *-****', masked: { 'Mask/m0': 1 } })
    expect(found('nothing', badges)).toEqual([])
  })

  it('are joined with what else is found', () => {
    const both = detectors({ detect: ['card'], patterns: [{ name: 'order', re2: 'order [0-9]+' }] })
    expect(found('order 4111111111111111 and 378282246310005', both)).toEqual([
      'order order 4111111111111111',
      'card 378282246310005',
    ])
  })

  it('never match nothing, and leave escapes whole', () => {
    expect(
      found(
        'a 1',
        detectors({
          patterns: [
            { name: 'edge', re2: '\\b' },
            { name: 'one', re2: '1' },
          ],
        }),
      ),
    ).toEqual(['one 1'])
    const names = detectors({ patterns: [{ name: 'n', re2: '[a-z0-9]+' }] })
    expect(JSON.parse(names.text(JSON.stringify('a\nbc\u0001de')).text)).toMatch(/^\*\n\*+\u0001\*+$/)
  })
})

describe('a value that goes on behind a chunk', () => {
  const from = (text: string) => whole.unfinished?.(Buffer.from(text), 0, Buffer.byteLength(text))

  it('is kept from where it begins', () => {
    for (const value of [jwt, pem]) {
      for (let cut = 4; cut < value.length - 45; cut++) expect(from(`x ${value.slice(0, cut)}`)).toBe(2)
      expect(from(`x ${value} and`)).toBe(`x ${value} and`.length)
    }
  })

  it('is none where it is too long', () => {
    const long = `-----BEGIN PRIVATE KEY-----\n${'A'.repeat(20_000)}`
    expect(from(long)).toBe(long.length)
  })
})
