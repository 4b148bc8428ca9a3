import type { MaskPlan, Operation } from '@hoop/contracts'
import type { UpgradeRelay } from '../http/dialect.ts'
import { headerOf } from '../http/read-request.ts'
import type { HttpRequest } from '../http/request.ts'
import type { Header } from '../protocol.ts'
import type { UpgradePurpose } from './stream-event.ts'
import { relayUpgraded, type UpgradedEnd, upgradedProtocol } from './upgraded-relay.ts'

/** What reads and writes behind the 101 of an exec, an attach or a forwarded port; null: it cannot be read. */
export function upgradeRelay(
  request: HttpRequest,
  operation: Operation,
  answer: readonly Header[],
  masks: MaskPlan,
): UpgradeRelay | null {
  const purpose = purposeOf(request, operation)
  const { upgrade } = request
  if (purpose === null || upgrade === null) return null
  const name = headerOf(answer, upgrade === 'websocket' ? 'sec-websocket-protocol' : 'x-stream-protocol-version')
  const protocol = upgradedProtocol(upgrade, name, purpose.kind)
  if (protocol === null) return null
  return async ({ caller, backend, signal, record }) => {
    const end = await relayUpgraded({
      protocol,
      purpose,
      caller: caller.socket,
      callerHead: caller.head,
      backend: backend.socket,
      backendHead: backend.head,
      signal,
      onEvent: async ({ way, bytes, channel }) => {
        const shown = way === 'down' && purpose.kind === 'remote-command' ? withoutFindings(bytes, masks) : bytes
        await record(way, shown, channel)
        return shown
      },
    })
    return { ...end, tag: tagOf(end, purpose) }
  }
}

function purposeOf({ query }: HttpRequest, { facts }: Operation): UpgradePurpose | null {
  const subresource = facts.kubernetes?.subresource
  if (subresource === 'exec' || subresource === 'attach') return { kind: 'remote-command' }
  if (subresource !== 'portforward') return null
  const ports = query.filter(({ name }) => name === 'ports').flatMap(({ value }) => value.split(',').map(Number))
  return { kind: 'port-forward', ports, mayForward: () => true }
}

/** What detectors find in one piece of a program's output: best effort, as a value may be cut over two of them. */
function withoutFindings(bytes: Buffer, { detectors }: MaskPlan): Buffer {
  const findings = detectors?.find(bytes, 0, bytes.length) ?? []
  if (findings.length === 0) return bytes
  const copy = Buffer.from(bytes)
  detectors?.blank(copy, findings)
  return copy
}

function tagOf({ exitCode }: UpgradedEnd, { kind }: UpgradePurpose): string {
  return kind === 'port-forward' || exitCode === null ? '101' : `exit ${exitCode}`
}
