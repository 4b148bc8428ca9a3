import type { Status } from '../services/status.ts'
import type { RunningConnect } from '../state/running-connect.ts'
import { escapeLine, firstLine } from './escape.ts'
import { fields, type Screen } from './screen.ts'
import { localTime, span } from './time.ts'

/** The whole picture for a person; what is wrong stands last, where it is seen. */
export function statusWords(screen: Screen, status: Status, now: number): string {
  const { colour } = screen
  const { gateway, login, keptIn, connects, held, problems } = status
  const head = fields(screen, [
    ['gateway', gatewayWords(status)],
    ['login', login ? `${login.identity.email ?? login.identity.name} (${login.identity.kind})` : 'none'],
    ...(login
      ? [['until', `${localTime(login.login_expires_at)}, ${span(Date.parse(login.login_expires_at) - now)} left`] as const]
      : []),
    ...(keptIn === null ? [] : [['kept in', keptIn] as const]),
    ...(status.clockDifference === null ? [] : [['clock', clockWords(status.clockDifference)] as const]),
    [
      'this hoop',
      gateway?.version && gateway.version !== status.version ? `${status.version}, not the gateway's` : status.version,
    ],
  ])
  const running =
    connects.length === 0 ? ['nothing is connected'] : connects.flatMap((connect) => connectLines(screen, connect, now))
  const waiting = held.map(
    ({ approval, connection, text, expiresAt }) =>
      `${colour.yellow('held')}  ${escapeLine(connection)}  ${firstLine(text, 60)}  ${colour.dim(`${span(Date.parse(expiresAt) - now)} left; hoop approvals show ${escapeLine(approval)}`)}`,
  )
  const wrong = problems.flatMap(({ words, hint }) => [
    `${colour.red('!')} ${escapeLine(words)}`,
    ...(hint === null ? [] : [`  → ${escapeLine(hint)}`]),
  ])
  return [head, '', ...running, ...waiting, ...(wrong.length === 0 ? [] : ['', ...wrong])].join('\n')
}

function gatewayWords({ gateway }: Status): string {
  if (gateway === null) return 'none is known'
  return gateway.version === null ? `${gateway.address}, not reached` : `${gateway.address} (${gateway.name}, ${gateway.version})`
}

function clockWords(difference: number): string {
  return Math.abs(difference) < 1500 ? 'as the gateway’s' : `${(difference / 1000).toFixed(1)} s from the gateway’s`
}

function connectLines({ colour }: Screen, connect: RunningConnect, now: number): string[] {
  const { endpoints, pid, background, since, tunnel } = connect
  const health = tunnel === 'up' ? colour.green('up  ') : colour.yellow(tunnel.padEnd(4))
  const how = `${background ? 'background' : 'terminal'}, process ${pid}, for ${span(now - Date.parse(since))}`
  return endpoints.map(
    ({ connection, url, configuration }) =>
      `${health}  ${colour.bold(escapeLine(connection))}  ${escapeLine(url)}${configuration === null ? '' : `  KUBECONFIG=${escapeLine(configuration)}`}  ${colour.dim(how)}`,
  )
}
