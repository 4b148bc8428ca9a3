import type { Parameter } from '@hoop/contracts'
import type { Exchange } from './exchange.ts'
import type { Column } from './messages.ts'
import type { Statement } from './operations.ts'

/** A prepared statement as the backend holds it. */
export interface Prepared {
  readonly name: string
  readonly text: string
  /** Null: the text could not be read; every Bind of it is refused. */
  statement: Statement | null
  /** From Parse, completed by ParameterDescription. */
  parameterTypes: readonly number[]
  /** Null: not described (yet), or it returns no rows. */
  columns: readonly Column[] | null
}

/** A portal: a prepared statement with its values. */
export interface Portal {
  readonly name: string
  readonly prepared: Prepared
  readonly parameters: readonly Parameter[]
  readonly resultFormats: readonly number[]
  /** The sync unit in which it was bound. */
  readonly unit: number
  /** The operation under which it runs; a finished one is not used again. */
  exchange: Exchange
}

/** Puts back what a message changed, when the backend turns out not to have processed it. */
export type Undo = () => void

/**
 * The prepared statements and portals that the backend holds, as far as the messages sent say. An entry is put in when
 * its message is sent, so that what is pipelined behind finds it, and taken back when the backend skipped the message.
 * A name that exists is never overwritten: the backend refuses that, and would go on with the old text.
 */
export class Registry {
  readonly #prepared = new Map<string, Prepared>()
  readonly #portals = new Map<string, Portal>()

  prepared(name: string): Prepared | undefined {
    return this.#prepared.get(name)
  }

  portal(name: string): Portal | undefined {
    return this.#portals.get(name)
  }

  addPrepared(prepared: Prepared): Undo | null {
    if (prepared.name !== '' && this.#prepared.has(prepared.name)) return null
    return put(this.#prepared, prepared.name, prepared)
  }

  addPortal(portal: Portal): Undo | null {
    if (portal.name !== '' && this.#portals.has(portal.name)) return null
    return put(this.#portals, portal.name, portal)
  }

  closePrepared(name: string): Undo {
    return put(this.#prepared, name, undefined)
  }

  closePortal(name: string): { undo: Undo; portal: Portal | undefined } {
    const portal = this.#portals.get(name)
    return { undo: put(this.#portals, name, undefined), portal }
  }

  /** A transaction ended with sync unit `unit`: its portals are gone. */
  endPortals(unit: number): Portal[] {
    const ended: Portal[] = []
    for (const [name, portal] of this.#portals) {
      if (portal.unit > unit) continue
      this.#portals.delete(name)
      ended.push(portal)
    }
    return ended
  }

  *portals(): Iterable<Portal> {
    yield* this.#portals.values()
  }
}

function put<T>(into: Map<string, T>, name: string, value: T | undefined): Undo {
  const before = into.get(name)
  if (value === undefined) into.delete(name)
  else into.set(name, value)
  return () => {
    if (into.get(name) !== value) return
    if (before === undefined) into.delete(name)
    else into.set(name, before)
  }
}
