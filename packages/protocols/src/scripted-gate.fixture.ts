import type {
  AdmitOptions,
  Gate,
  HoldNotice,
  MaskPlan,
  Maybe,
  Operation,
  Outcome,
  Permit,
  Refusal,
  Verdict,
} from '@hoop/contracts'
import type { Cancels } from './protocol.ts'
import { scramVerifier } from './scram.fixture.ts'

/** The password of the local port, and what the gateway knows of it. */
export const localPassword = 'local secret'
export const verifier = scramVerifier(localPassword)

/** What the gate was asked, and what came of it. */
export interface Admitted {
  readonly text: string
  readonly operation: Operation
  readonly settings?: AdmitOptions['settings']
  readonly locks?: AdmitOptions['locks']
  verdict: 'permit' | 'refuse' | 'held'
  consumed: boolean
  readonly chunks: { readonly way: 'up' | 'down'; readonly bytes: Buffer }[]
  readonly outcomes: Outcome[]
}

type Answer = 'permit' | 'refuse' | 'unknown' | 'hold'

/** A gate that does as the test says, keeps everything, and is as strict about permits as the real one. */
export class ScriptedGate implements Gate {
  readonly admitted: Admitted[] = []
  readonly unasked: string[] = []
  masks: MaskPlan = noMasks
  judge: (operation: Operation) => Answer = () => 'permit'
  /** Whether it refuses what hoop cannot carry: not with the profile transparent. */
  enforces = true
  /** What putting something on the record answers. */
  recording: () => Maybe<void> = () => undefined
  readonly session = new AbortController()
  /** Answers the held operation. */
  decide: ((answer: 'permit' | 'refuse') => void) | null = null

  of(text: string): Admitted | undefined {
    return this.admitted.findLast((each) => each.text === text)
  }

  rejected(operation: Operation, _stream: number, error: { readonly code: string; readonly message: string }): void {
    const outcome: Outcome = { kind: 'error', tag: null, error, rows: 0, masked: {} }
    this.admitted.push({ text: operation.text, operation, verdict: 'permit', consumed: true, chunks: [], outcomes: [outcome] })
  }

  unsolicited(kind: string, text: string): boolean {
    this.unasked.push(`${kind} ${text}`)
    return true
  }

  admit(operation: Operation, options: AdmitOptions): Maybe<Verdict> {
    const answer = operation.refused === null || !this.enforces ? this.judge(operation) : 'refuse'
    const admitted: Admitted = {
      text: operation.text,
      operation,
      settings: options.settings,
      locks: options.locks,
      verdict: answer === 'hold' ? 'held' : answer === 'unknown' ? 'refuse' : answer,
      consumed: false,
      chunks: [],
      outcomes: [],
    }
    const id = `op_${this.admitted.push(admitted)}`
    if (answer === 'permit') return { kind: 'permit', permit: this.#permit(id, admitted) }
    const code = answer === 'unknown' ? 'unknown_effect' : operation.refused?.code
    const refusal: Refusal = { ...words, id, ...(code === undefined || code === 'not_supported' ? {} : { code }) }
    if (answer === 'refuse' || answer === 'unknown') return { kind: 'refuse', refusal }
    options.onHold({ ...notice, operationId: id })
    return new Promise((resolve) => {
      const settle = (code: Refusal['code'] | null): void => {
        this.decide = null
        admitted.verdict = code === null ? 'permit' : 'refuse'
        resolve(
          code === null
            ? { kind: 'permit', permit: this.#permit(id, admitted) }
            : { kind: 'refuse', refusal: { ...refusal, code } },
        )
      }
      this.decide = (decision) => settle(decision === 'permit' ? null : 'approval_denied')
      if (options.signal.aborted) settle('withdrawn')
      else options.signal.addEventListener('abort', () => settle('withdrawn'), { once: true })
    })
  }

  #permit(id: string, admitted: Admitted): Permit {
    const { masks, session } = this
    return {
      id,
      masks,
      signal: session.signal,
      consume: () => {
        if (admitted.consumed) throw new Error(`the permit of ${id} was used twice`)
        admitted.consumed = true
      },
      record: (way, pieces) => {
        admitted.chunks.push({ way, bytes: Buffer.concat(pieces) })
        return this.recording()
      },
      end: (outcome, last) => {
        if (admitted.outcomes.length > 0) throw new Error(`the permit of ${id} was ended twice`)
        if (last !== undefined && last.length > 0) admitted.chunks.push({ way: 'down', bytes: Buffer.concat(last) })
        admitted.outcomes.push(outcome)
        return this.recording()
      },
    }
  }
}

const words: Omit<Refusal, 'id'> = {
  code: 'policy_denied',
  message: 'not this',
  rule: 'Policy/not-this',
  detail: 'It matched.',
  hint: 'Ask for something else.',
}
const notice: Omit<HoldNotice, 'operationId'> = {
  approvalId: 'apr_1',
  rule: 'Policy/ask-first',
  message: 'Ask first.',
  approvers: ['dba'],
  count: 1,
  timeout: 900,
}

export const noMasks: MaskPlan = {
  empty: true,
  hasColumns: false,
  hasFields: false,
  fields: () => null,
  column: () => null,
  detectors: null,
}

/** The keys of one session, as the gateway keeps them. */
export class TestCancels implements Cancels {
  readonly #known = new Set<{ readonly processId: number; readonly secret: Buffer; readonly cancel: () => void }>()

  register(cancel: () => void, secretLength: number) {
    const known = { processId: this.#known.size + 1, secret: Buffer.from('9876'.repeat(secretLength / 4)), cancel }
    this.#known.add(known)
    return { ...known, release: () => void this.#known.delete(known) }
  }

  cancel(processId: number, secret: Buffer): void {
    for (const each of this.#known) if (each.processId === processId && each.secret.equals(secret)) each.cancel()
  }
}
