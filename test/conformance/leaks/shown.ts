import type { Message } from '../../../packages/protocols/src/postgres/wire.fixture.ts'

/** Every message; relations from the number `firstNew` on are made by scripts, and have another number each time. */
export function shown(messages: readonly Message[], firstNew: number): readonly string[] {
  return messages.map(({ tag, body }) => `${tag} ${(tag === 'T' ? withoutNew(body, firstNew) : body).toString('latin1')}`)
}

/** A row description without the numbers of new relations. */
function withoutNew(body: Buffer, firstNew: number): Buffer {
  const copy = Buffer.from(body)
  for (let at = 2; at < copy.length; at += 18) {
    at = copy.indexOf(0, at) + 1
    if (copy.readUInt32BE(at) >= firstNew) copy.writeUInt32BE(0, at)
  }
  return copy
}
