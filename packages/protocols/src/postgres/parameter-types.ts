import type { Catalogue } from './catalogue.ts'
import { valueRuns, type Walk } from './expressions.ts'
import { firstOwnOid } from './shipped-functions.ts'

/** Types as Parse gives them, by OID: those whose values run something, or that nobody knows. */
export function typesThatRun({ typesByOid }: Catalogue, types: readonly number[]): readonly number[] {
  const runs = (oid: number): boolean => {
    const type = typesByOid.get(oid)
    return type === undefined ? oid >= firstOwnOid : type.runs.length > 0
  }
  return types.some(runs) ? types.filter(runs) : none
}
const none: readonly number[] = []

/** What is bound to parameters of these types is made a value of them: that runs what any value of them does. */
export function parametersRun(walk: Walk, types: readonly number[]): void {
  for (const oid of typesThatRun(walk.catalogue, types)) {
    const type = walk.catalogue.typesByOid.get(oid)
    if (type) valueRuns(walk, type)
    else {
      walk.reading.unresolved.add(`type ${oid}`)
      walk.reading.unknown(`there is no type with the OID ${oid} that hoop knows`)
    }
  }
}
