import type { NamedStatements } from './expressions.ts'
import type { Statement } from './operations.ts'
import type { PreparedText, SessionChange, SessionNames } from './session-change.ts'

/** The names of a session while one text is read: each statement in it finds what those before it leave. */
export class StatementNames {
  /** Whether a name of the session was looked up. */
  used = false
  readonly parameterTypes: PreparedText['parameterTypes']
  readonly #prepared: Map<string, PreparedText>
  readonly #cursors: Map<string, Statement>

  constructor({ prepared, cursors, parameterTypes }: SessionNames) {
    this.parameterTypes = parameterTypes
    this.#prepared = new Map(prepared)
    this.#cursors = new Map(cursors)
  }

  statements(read: (text: string, parameterTypes?: readonly number[]) => Statement): NamedStatements {
    return {
      prepared: (name) => {
        this.used = true
        const found = this.#prepared.get(name)
        return found === undefined ? null : read(found.text, found.parameterTypes)
      },
      cursor: (name) => {
        this.used = true
        return this.#cursors.get(name) ?? null
      },
      read: (text) => read(text),
    }
  }

  apply(change: SessionChange): void {
    if (change.kind === 'prepare') this.#prepared.set(change.name, change)
    else if (change.kind === 'declare') this.#cursors.set(change.name, change.statement)
    else if (change.kind === 'deallocate') remove(this.#prepared, change.name)
    else if (change.kind === 'close') remove(this.#cursors, change.name)
  }
}

function remove(names: Map<string, unknown>, name: string | null): void {
  if (name === null) names.clear()
  else names.delete(name)
}
