import {
  type ConnectionDocument,
  type DoctorFinding,
  type DoctorReport,
  doctorSections,
  finding,
  HoopError,
  type Identity,
  type ProtocolName,
} from '@hoop/contracts'
import { type Examination, examiners } from '@hoop/protocols'
import type { Logger } from 'pino'
import type { Documents } from '../documents/documents.ts'
import type { Connections } from '../sessions/types.ts'
import type { Dialling } from '../tunnels/dial.ts'
import { reachability } from './doctor-reachability.ts'
import { maskFindings, ownRuleFindings, ruleFindings } from './doctor-rules.ts'

/** All checks of one connection together. */
const totalTime = 60_000

interface DoctorParts {
  readonly connections: Connections
  readonly documents: Documents
  readonly dialling: Dialling
  /** Aborts when the gateway stops. */
  readonly closing: AbortSignal
  readonly log: Logger
}

interface Examined {
  readonly examination: Examination
  readonly findings: readonly DoctorFinding[]
}

/** Checks connections: from the gateway's machine, with the gateway's own account, changing nothing. */
export class Doctor {
  readonly #parts: DoctorParts
  /** Those who ask while a connection is being looked at share one look at it. */
  readonly #running = new Map<ConnectionDocument, Promise<Examined>>()

  constructor(parts: DoctorParts) {
    this.#parts = parts
  }

  /** Everything, for an admin. */
  async report(connection: ConnectionDocument): Promise<DoctorReport> {
    const { examination, findings } = await this.#examine(connection)
    const inForce = this.#parts.documents.current()
    return reportOf(connection, true, examination, [
      ...findings,
      ...maskFindings(connection, inForce, examination),
      ...ruleFindings(connection, inForce),
    ])
  }

  /** What somebody who may use the connection sees: whether it works and what holds for them; no address, no role, no advice for admins. */
  async reportFor(connection: ConnectionDocument, identity: Identity): Promise<DoctorReport> {
    const { examination, findings } = await this.#examine(connection)
    const own = ownRuleFindings(connection, identity, this.#parts.documents.current())
    const seen = [...findings.filter(({ check }) => !check.startsWith('role.')), ...own]
    return reportOf(connection, false, examination, seen.map(forUsers))
  }

  #examine(connection: ConnectionDocument): Promise<Examined> {
    const running = this.#running.get(connection)
    if (running !== undefined) return running
    const started = this.#begin(connection).finally(() => this.#running.delete(connection))
    this.#running.set(connection, started)
    return started
  }

  async #begin(connection: ConnectionDocument): Promise<Examined> {
    const { connections, dialling, closing, log } = this.#parts
    const { name, protocol, agent = null } = connection
    const dial = dialling(connection)
    const findings: DoctorFinding[] = []
    const report = (found: DoctorFinding): void => void findings.push(found)
    const signal = AbortSignal.any([closing, AbortSignal.timeout(totalTime)])
    try {
      const look = async <P extends ProtocolName>(of: P): Promise<Examination> => {
        const upstream = await connections.upstream(name, of)
        for await (const found of reachability(upstream, agent, dial, signal)) report(found)
        return await examiners[of]({ upstream, dial, signal, report })
      }
      return { examination: await look(protocol), findings }
    } catch (error) {
      if (error instanceof HoopError) {
        report(finding('login.works', 'problem', 'The gateway cannot log in.', { details: [error.message], advice: error.hint }))
      } else {
        log.error({ err: error, connection: name }, 'a connection could not be checked by our fault')
        const words = 'Not checked any further, because the gateway failed at this; its log says why.'
        report(finding('login.works', 'not-checked', words))
      }
      return { examination: { available: false, columns: new Map() }, findings }
    }
  }
}

function reportOf(
  { name }: ConnectionDocument,
  complete: boolean,
  { available }: Examination,
  findings: readonly DoctorFinding[],
): DoctorReport {
  const place = ({ check }: DoctorFinding): number => doctorSections.findIndex((section) => check.startsWith(`${section}.`))
  const ordered = findings.toSorted((a, b) => place(a) - place(b))
  return { connection: name, at: new Date().toISOString(), complete, available, findings: ordered }
}

function forUsers(found: DoctorFinding): DoctorFinding {
  const bad = found.status === 'problem' || found.status === 'warning'
  return { ...found, details: [], statements: [], advice: bad ? 'Tell an admin: hoop doctor shows them more.' : null }
}
