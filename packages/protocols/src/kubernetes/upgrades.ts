import type { MaskPlan, Operation } from '@hoop/contracts'
import type { UpgradeRelay } from '../http/dialect.ts'
import { headerOf } from '../http/read-request.ts'
import type { HttpRequest } from '../http/request.ts'
import type { Header } from '../protocol.ts'
import { OutputMasking } from './output-masking.ts'
import { portsOf } from './ports.ts'
import type { UpgradePurpose } from './stream-event.ts'
import { relayUpgraded, type UpgradedEnd, upgradedProtocol } from './upgraded-relay.ts'

/** What reads and writes behind the 101 of an exec, an attach or a forwarded port; null: it cannot be read. */
export function upgradeRelay(
  request: HttpRequest,
  operation: Operation,
  answer: readonly Header[],
  masks: MaskPlan,
): UpgradeRelay | null {
  const kind = kindOf(operation)
  const { upgrade } = request
  if (kind === null || upgrade === null) return null
  const name = headerOf(answer, upgrade === 'websocket' ? 'sec-websocket-protocol' : 'x-stream-protocol-version')
  const protocol = upgradedProtocol(upgrade, name, kind)
  if (protocol === null) return null
  return async ({ caller, backend, signal, record, admit }) => {
    const purpose: UpgradePurpose =
      kind === 'remote-command'
        ? { kind }
        : { kind, ports: portsOf(request), mayForward: (port) => admit(forwardingOf(operation, port)) }
    const { detectors } = masks
    const masking =
      detectors === null || kind === 'port-forward'
        ? null
        : new OutputMasking(detectors, async (bytes, channel) => await record('down', bytes, channel))
    const end = await relayUpgraded({
      protocol,
      purpose,
      caller: caller.socket,
      callerHead: caller.head,
      backend: backend.socket,
      backendHead: backend.head,
      signal,
      onEvent: async (event, send) => {
        const { way, bytes, channel } = event
        if (masking !== null && way === 'down') {
          // A client that knows how its command ended reads no more of what it printed.
          if (channel === 'error') await masking.flush()
          await masking.write(event, send)
          if (channel === 'error') await masking.flush()
          return null
        }
        await record(way, bytes, channel)
        return bytes
      },
      ...(masking !== null && { onEnding: () => masking.flush() }),
    })
    await masking?.close()
    return { ...end, tag: tagOf(end, kind) }
  }
}

function kindOf({ facts }: Operation): UpgradePurpose['kind'] | null {
  const subresource = facts.kubernetes?.subresource
  if (subresource === 'exec' || subresource === 'attach') return 'remote-command'
  return subresource === 'portforward' ? 'port-forward' : null
}

/** One connection to a port of the pod: over SPDY it is named only when it is opened. */
function forwardingOf(operation: Operation, port: number): Operation {
  const [line = ''] = operation.text.split('\n', 1)
  const functions = [...operation.functions.filter((name) => !name.startsWith('port:')), `port:${port}`]
  return { ...operation, text: `${line}\n\nport ${port}`, functions, facts: { ...operation.facts } }
}

function tagOf({ exitCode }: UpgradedEnd, kind: UpgradePurpose['kind']): string {
  return kind === 'port-forward' || exitCode === null ? '101' : `exit ${exitCode}`
}
