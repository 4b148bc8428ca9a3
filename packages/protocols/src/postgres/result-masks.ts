import { isPlaceholder, type Output, placeholderRefusal } from '@hoop/contracts'
import { ProtocolViolation } from '../bytes.ts'
import { type Catalogue, storedType } from './catalogue.ts'
import { copyRewriter } from './copy.ts'
import type { CopyRewriter, SeeValue } from './copy-format.ts'
import type { Exchange } from './exchange.ts'
import type { ValueForm } from './masked-values.ts'
import type { Column } from './messages.ts'
import type { Portal } from './registry.ts'
import { type Planned, planRows, type RowPlan, type RowPlanInput } from './results.ts'
import type { ValueStyles } from './value-styles.ts'

/** How the results of operations are masked: what their statements say of them, joined with what the backend says. */
export class ResultMasks {
  readonly #latest: () => Catalogue | null
  readonly #transparent: boolean
  readonly #styles: ValueStyles
  /** Of simple queries: texts that differ in constants only say the same of their results. */
  #last: Planned | null = null

  constructor(latest: () => Catalogue | null, transparent: boolean, styles: ValueStyles) {
    this.#latest = latest
    this.#transparent = transparent
    this.#styles = styles
  }

  /** Of the rows that a simple query's result is described by. */
  ofQuery(exchange: Exchange, columns: readonly Column[]): RowPlan {
    const { masks } = exchange.permit
    if (masks.empty) return null
    const from = {
      masks,
      columns,
      resultFormats: null,
      outputs: this.#outputs(exchange),
      catalogue: this.#catalogue(),
      styles: this.#styles,
    }
    if (this.#last === null || !isSame(this.#last.from, from)) this.#last = { from, plan: planRows(from) }
    return this.#last.plan
  }

  /** Of the rows of a portal. */
  ofPortal({ exchange, prepared, resultFormats }: Portal): RowPlan {
    const { columns } = prepared
    if (columns === null) throw new ProtocolViolation('a row whose columns were never described')
    const { masks } = exchange.permit
    const from = {
      masks,
      columns,
      resultFormats,
      outputs: this.#outputs(exchange),
      catalogue: this.#catalogue(),
      styles: this.#styles,
    }
    if (prepared.planned === undefined || !isSame(prepared.planned.from, from)) prepared.planned = { from, plan: planRows(from) }
    return prepared.planned.plan
  }

  /** Of a COPY that the backend begins, which must be the one that was announced; null: nothing of it is masked. */
  ofCopy(exchange: Exchange, direction: 'in' | 'out', binary: boolean): CopyRewriter | null {
    const copy = exchange.statement.parts[exchange.part]?.copy
    if (copy?.direction !== direction || binary !== (copy.format === 'binary')) {
      if (this.#transparent) return null
      throw new ProtocolViolation(`a COPY ${direction} that no statement announced`)
    }
    const { masks } = exchange.permit
    if (masks.empty) return null
    const outputs = direction === 'out' && this.#outputs(exchange) === 'opaque' ? 'opaque' : copy.outputs
    const format = { ...copy, outputs, columns: this.#forms(outputs, binary ? 1 : 0) }
    return copyRewriter(format, masks, exchange.count, direction === 'in' ? refusePlaceholders(exchange, outputs) : null)
  }

  /** What the statement says of its results, as far as the names in it still mean what they did. */
  #outputs(exchange: Exchange): readonly Output[] | 'opaque' {
    const { parts } = exchange.statement
    const changedBefore = exchange.part > 0 && parts.slice(0, exchange.part).some(({ changesCatalogue }) => changesCatalogue)
    return exchange.blind || changedBefore ? 'opaque' : (parts[exchange.part]?.outputs ?? 'opaque')
  }

  #forms(outputs: readonly Output[] | 'opaque', format: number): (ValueForm | null)[] {
    if (outputs === 'opaque') return []
    const types = this.#catalogue()
    return outputs.map((output) => {
      const typeOid = storedType(types, output)
      return typeOid === null ? null : { typeOid, format, stored: true, types, styles: this.#styles }
    })
  }

  #catalogue(): Catalogue {
    const catalogue = this.#latest()
    if (catalogue === null) throw new ProtocolViolation('a result before the catalogue')
    return catalogue
  }
}

/** What masks show must not be stored in their columns' place. */
function refusePlaceholders(exchange: Exchange, outputs: readonly Output[] | 'opaque'): SeeValue {
  return (mask, column, value) => {
    if (exchange.refusal !== null || outputs === 'opaque' || !isPlaceholder(value, mask)) return
    const sources = outputs[column]?.sources ?? 'opaque'
    const masked = sources === 'opaque' ? undefined : sources.find((source) => exchange.permit.masks.column([source]) !== null)
    if (masked !== undefined) exchange.refusal = { id: exchange.permit.id, ...placeholderRefusal(masked, mask) }
  }
}

/** All but the formats are the same objects for each run of a statement, until one of them changes. */
function isSame(a: RowPlanInput, b: RowPlanInput): boolean {
  return (
    a.masks === b.masks &&
    a.columns === b.columns &&
    a.outputs === b.outputs &&
    a.catalogue === b.catalogue &&
    sameFormats(a.resultFormats, b.resultFormats)
  )
}

function sameFormats(a: readonly number[] | null, b: readonly number[] | null): boolean {
  if (a === null || b === null) return a === b
  return a.length === b.length && a.every((format, i) => format === b[i])
}
