import { ByteWriter } from '../bytes.ts'
import { write } from './codec.ts'
import { bind, execute, extended, parse, raw } from './wire.fixture.ts'

/** What a caller does to get by the gate, and what comes of it where there is no gate. */
export interface Way {
  /** Bytes to send, or the tag of a message to wait for. */
  readonly steps: readonly (Buffer | string)[]
  /** `writes`: people are changed; `shows`: an address comes back; `nothing`: the server does not fall for it either. */
  readonly alone: 'writes' | 'shows' | 'nothing'
}

const q = write.query
const sync = write.sync()
const evil = 'delete from people'
const city = 'select city from people order by id'
const email = 'select email from people order by id'
const harmless = "select 'harmless'"
const closeS = (name: string): Buffer => write.close({ kind: 'S', name })
const closeP = (name: string): Buffer => write.close({ kind: 'P', name })
const long = 'n'.repeat(63)
const writes = (...steps: readonly (Buffer | string)[]): Way => ({ steps, alone: 'writes' })
const shows = (...steps: readonly (Buffer | string)[]): Way => ({ steps, alone: 'shows' })
const nothing = (...steps: readonly (Buffer | string)[]): Way => ({ steps, alone: 'nothing' })

function call(oid: number, ...given: readonly string[]): Buffer {
  return write.functionCall({ oid, argumentFormats: [], arguments: given.map((each) => Buffer.from(each)), resultFormat: 0 })
}
/** A query in Shift JIS: the second byte of the letter is a backslash. */
const shiftJis = (before: string, after: string): Buffer =>
  q(Buffer.concat([Buffer.from(before), Buffer.of(0x95, 0x5c), Buffer.from(after)]))
/** A message whose length says more than 32 bits can. */
const wrapped = (message: Buffer): Buffer => {
  const head = new ByteWriter().uint8(0x51).uint32(0xffff_ffff).take()
  return Buffer.concat([head, message])
}

/** The ways that concern the wire: bytes, order, and names that protocol and SQL share. */
export const ways: Readonly<Record<string, Way>> = {
  'a second statement in a Query': writes(q(`${harmless}; ${evil}`)),
  'a second statement in a Parse': nothing(...extended(`${harmless}; ${evil}`), sync),
  'a statement behind the NUL of a Query': nothing(raw('Q', `${harmless}\0${evil}\0`)),
  'a statement behind the NUL of a Parse': nothing(raw('P', `\0${harmless}\0\0\0${evil}\0`), bind('', ''), execute(''), sync),
  'a length that wraps': nothing(wrapped(q(evil))),
  'a Flush with a statement for its payload': nothing(raw('H', q(evil)), sync),
  'a Sync with a statement for its payload': nothing(raw('S', q(evil))),
  'a statement behind Terminate': nothing(write.terminate(), q(evil)),
  'a statement that an error has the server skip': nothing(parse('', 'select nothing from people'), q(evil), sync),
  'a statement as COPY data outside COPY': nothing(write.copyData(q(evil)), q(harmless)),
  'a Query inside COPY': nothing(q('copy inbox from stdin'), 'G', q(evil)),
  'a Parse inside COPY': nothing(q('copy inbox from stdin'), 'G', ...extended(evil), sync),
  'a Query behind a COPY that fails': writes(q('copy inbox from stdin'), 'G', write.copyFail('enough'), q(evil)),
  'a Query behind Sync and Flush inside COPY': writes(
    ...extended('copy inbox from stdin'),
    'G',
    sync,
    write.flush(),
    write.copyDone(),
    sync,
    q(evil),
  ),
  'a copy of the data': shows(q('copy people to stdout')),
  'a copy of a query, in binary': shows(q('copy (select email from people) to stdout (format binary)')),
  'a copy that writes': writes(q(`copy (${evil} returning id) to stdout`)),

  'a long name that the server takes for another': writes(
    parse(`${long}a`, harmless),
    closeS(`${long}b`),
    parse(`${long}c`, evil),
    bind('', `${long}a`),
    execute(''),
    sync,
  ),
  'a long portal that the server takes for another': shows(
    parse('c', city),
    parse('e', email),
    bind(`${long}a`, 'c'),
    closeP(`${long}b`),
    bind(`${long}c`, 'e'),
    execute(`${long}a`),
    sync,
  ),
  'a long name, cut inside a letter': writes(
    q(`prepare "${'n'.repeat(62)}" as ${harmless}`),
    q(`deallocate "${'n'.repeat(62)}é"`),
    q(`prepare "${'n'.repeat(62)}é" as ${evil}`),
    q(`execute "${'n'.repeat(62)}"`),
  ),
  'a Parse that fails under the name of a harmless one': writes(
    parse('s', 'select nothing from people'),
    sync,
    parse('s', evil),
    bind('', 's'),
    execute(''),
    sync,
  ),
  'an unnamed statement that was replaced': shows(parse('', city), parse('', email), bind('', ''), execute(''), sync),
  'rows that nobody described, in binary': shows(parse('', email), bind('', '', [], [1]), execute(''), sync),
  'a portal read row by row': shows(parse('', email), bind('p', ''), execute('p', 1), execute('p', 1), sync),
  'a portal bound again under its name': shows(
    q('begin'),
    parse('c', city),
    parse('e', email),
    bind('', 'c'),
    bind('', 'e'),
    execute(''),
    sync,
  ),

  'PREPARE, then Bind': writes(q(`prepare x as ${evil}`), bind('', 'x'), execute(''), sync),
  'Parse, then EXECUTE': writes(parse('x', evil), sync, q('execute x')),
  'PREPARE and EXECUTE in one text': writes(q(`prepare x as ${harmless}; deallocate x; prepare x as ${evil}; execute x`)),
  'PREPARE that a rollback leaves': writes(
    q(`prepare x as ${harmless}`),
    q(`begin; deallocate x; prepare x as ${evil}; rollback`),
    q('execute x'),
  ),
  'PREPARE before an error in the same text': writes(
    q(`prepare x as ${harmless}`),
    q(`deallocate x; prepare x as ${evil}; select 1 / 0`),
    q('execute x'),
  ),
  'Close of what SQL prepared': writes(q(`prepare x as ${harmless}`), closeS('x'), parse('x', evil), sync, q('execute x')),
  'DEALLOCATE ALL of what Parse prepared': writes(
    parse('x', harmless),
    sync,
    q('deallocate all'),
    parse('x', evil),
    bind('', 'x'),
    execute(''),
    sync,
  ),
  'Parse, then another text under its name by SQL': writes(
    parse('x', harmless),
    sync,
    q(`deallocate x; prepare x as ${evil}`),
    q('execute x'),
  ),
  'Bind, then another query under its name by SQL': shows(
    q('begin'),
    parse('', city),
    bind('c', ''),
    sync,
    q(`close c; declare c cursor for ${email}`),
    execute('c'),
    sync,
  ),
  'EXECUTE behind a Parse that fails, as the name is taken': writes(
    parse('x', evil),
    sync,
    parse('x', harmless),
    sync,
    q('execute x'),
  ),
  'EXECUTE behind a Close and a Parse that are skipped': writes(
    parse('x', evil),
    sync,
    parse('', 'select nothing from people'),
    closeS('x'),
    parse('x', harmless),
    sync,
    q('execute x'),
  ),
  'EXECUTE in the extended protocol, behind a Parse that fails': writes(
    parse('x', evil),
    sync,
    parse('x', harmless),
    sync,
    ...extended('execute x'),
    sync,
  ),
  'a portal bound behind a DEALLOCATE that is skipped': writes(
    parse('x', evil),
    sync,
    ...extended('select nothing from people'),
    ...extended('deallocate x'),
    parse('x', harmless),
    sync,
    bind('', 'x'),
    execute(''),
    sync,
  ),
  'FETCH behind a Close that is skipped': shows(
    q(`begin; declare c cursor with hold for ${email}; commit`),
    parse('', 'select nothing from people'),
    closeP('c'),
    parse('y', city),
    bind('c', 'y'),
    sync,
    q('fetch all from c'),
  ),
  'EXECUTE that was bound before its name changed': writes(
    parse('x', harmless),
    parse('', 'execute x'),
    bind('p', ''),
    closeS('x'),
    parse('x', evil),
    execute('p'),
    sync,
  ),
  'FETCH that was bound before its cursor changed': shows(
    q(`begin; declare c cursor for ${city}`),
    parse('', 'fetch all from c'),
    bind('p', ''),
    closeP('c'),
    parse('e', email),
    bind('c', 'e'),
    execute('p'),
    sync,
  ),
  'COPY that was bound before the search path changed': shows(
    q('begin'),
    parse('', 'copy (select * from places) to stdout'),
    bind('p', ''),
    ...extended('set search_path = shadow'),
    execute('p'),
    sync,
  ),
  'DECLARE that was bound before the search path changed': nothing(
    q('begin'),
    parse('', 'declare c cursor for select * from places'),
    bind('p', ''),
    ...extended('set search_path = shadow'),
    execute('p'),
    sync,
    q('fetch all from c'),
  ),
  'a query that was bound before the search path changed': nothing(
    q('begin'),
    parse('', 'select * from places'),
    bind('p', ''),
    ...extended('set search_path = shadow'),
    execute('p'),
    sync,
  ),
  'EXECUTE inside EXPLAIN ANALYZE': writes(parse('x', evil), sync, q('explain analyze execute x')),
  'EXECUTE of an address': shows(q(`prepare x as ${email}`), q('execute x')),
  'DECLARE, then Execute': shows(q(`begin; declare c cursor for ${email}`), execute('c'), sync),
  'Bind, then FETCH': shows(q('begin'), parse('', email), bind('c', ''), sync, q('fetch all from c')),
  'Bind in binary, then FETCH': shows(q('begin'), parse('', email), bind('c', '', [], [1]), sync, q('fetch all from c')),
  'a binary cursor': shows(q(`begin; declare c binary cursor for ${email}; fetch all from c`)),
  'a cursor declared again': shows(
    q(`begin; declare c cursor for ${city}; close c; declare c cursor for ${email}`),
    q('fetch all from c'),
  ),
  'a cursor declared again, in pieces': shows(
    q(`begin; declare c cursor for ${city}`),
    q(`close c; declare c cursor for ${email}`),
    ...extended('fetch all from c'),
    sync,
  ),
  'a cursor that outlives its transaction': shows(
    q(`begin; declare c cursor with hold for ${email}; commit`),
    q('fetch all from c'),
  ),
  'a cursor behind a savepoint': shows(
    q(`begin; savepoint s; declare c cursor for ${city}; rollback to s; declare c cursor for ${email}`),
    q('fetch all from c'),
  ),
  'MOVE, then FETCH backward': shows(
    q(`begin; declare c scroll cursor for ${email}; move all in c`),
    q('fetch backward all from c'),
  ),

  'a search path set before': shows(q('set search_path = shadow'), q('select * from places')),
  'a search path set in the same text': shows(q('set search_path = shadow; select * from places')),
  'a search path set by a function': shows(q("select set_config('search_path', 'shadow', false)"), q('select * from places')),
  'a search path set after Parse': shows(
    parse('s', 'select * from places'),
    sync,
    q('set search_path = shadow'),
    bind('', 's'),
    execute(''),
    sync,
  ),
  'a search path set in the same pipeline': shows(
    parse('s', 'select * from places'),
    ...extended('set search_path = shadow'),
    bind('', 's'),
    execute(''),
    sync,
  ),
  'a search path set and rolled back to a savepoint': shows(
    q('begin; set search_path = shadow; savepoint a; set search_path = public; rollback to a'),
    q('select * from places'),
  ),
  'a search path that a failed transaction leaves': shows(
    q('set search_path = shadow'),
    q('begin; set search_path = public; select 1 / 0'),
    q('rollback'),
    q('select * from places'),
  ),
  'a search path that the end of an implicit transaction takes back': shows(
    q('set search_path = shadow'),
    ...extended('set local search_path = public'),
    sync,
    ...extended('select * from places'),
    sync,
  ),
  'a search path that an error in an implicit transaction takes back': shows(
    q('set search_path = shadow'),
    ...extended('set search_path = public'),
    ...extended('select 1 / 0'),
    sync,
    ...extended('select * from places'),
    sync,
  ),
  'a search path that COMMIT takes back, in one unit': shows(
    q('set search_path = shadow'),
    q('begin; set local search_path = public'),
    ...extended('commit'),
    ...extended('select * from places'),
    sync,
  ),
  'a search path reset': shows(
    q('set search_path = shadow'),
    q('set local search_path = public'),
    q('begin; set local search_path = public; commit'),
    q('select * from places'),
  ),
  'a role with a schema of its name': shows(q('set role shadow'), q('select * from places')),
  'a session authorization': shows(q('set session authorization shadow'), q('select * from places')),

  'strings with backslashes': writes(q('set standard_conforming_strings = off'), q(`select 'a\\'' ; ${evil}; --'`)),
  'strings with backslashes, set by a function': writes(
    q("select set_config('standard_conforming_strings', 'off', false)"),
    q(`select 'a\\'' ; ${evil}; --'`),
  ),
  'a letter whose second byte is a backslash': writes(
    q("set client_encoding = 'SJIS'"),
    shiftJis("select E'", `' ; ${evil}; --'`),
  ),
  'the same by SET NAMES': writes(q("set names 'SJIS'"), shiftJis("select E'", `' ; ${evil}; --'`)),
  'bytes that are no letters': nothing(shiftJis("select E'", `' ; ${evil}; --'`)),

  'a function by its number: query_to_xml': shows(call(2924, email, 'f', 'f', '')),
  'a function by its number: lo_import': nothing(call(764, '/nowhere')),
  'a function by its number: a setting': shows(call(2078, 'search_path', 'shadow', 'f'), q('select * from places')),
  'a notification with an address': shows(q('listen x'), q("select pg_notify('x', email) from people")),
  'a setting that is reported': shows(q("select set_config('application_name', email, false) from people limit 1")),
}
