/**
 * Variables of ours that are secrets, or say where one is. Programs that are started for a person get the connection, and nothing that opens
 * others; those of a gateway are here because it may run in the same shell.
 */
export const secretVariables = [
  'HOOP_TOKEN',
  'HOOP_SERVICE_ACCOUNT_KEY',
  'HOOP_ID_TOKEN',
  'HOOP_TOKEN_FILE',
  'HOOP_TOKEN_COMMAND',
  'HOOP_KUBERNETES_TOKEN',
  'HOOP_ON_BEHALF_OF',
  'HOOP_ADMIN_TOKEN_FILE',
  'HOOP_AGENT_TOKEN',
  'HOOP_AGENT_TOKEN_FILE',
  'HOOP_DATABASE_URL',
  'HOOP_MASTER_KEY_FILE',
  'HOOP_METRICS_TOKEN',
  'HOOP_OIDC_CLIENT_SECRET',
  'HOOP_PASSPHRASE_FILE',
  'HOOP_TLS_KEY',
] as const

/** The environment for a program that is not ours. */
export function withoutSecrets(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const secrets: ReadonlySet<string> = new Set(secretVariables)
  return Object.fromEntries(Object.entries(env).filter(([name]) => !secrets.has(name)))
}
