export { type Gateway, runGateway, startGateway } from './main.ts'
export type { Environment } from './settings.ts'
