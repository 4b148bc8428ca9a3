export { type Gateway, runGateway, startGateway } from './main.ts'
export type { Finding } from './operations/check.ts'
export { backUpGateway, checkGateway, restoreGateway } from './operations/commands.ts'
export type { Environment } from './settings.ts'
