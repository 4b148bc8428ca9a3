export { type Account, makeReachableFolder, passable, serverAccount } from './account.ts'
export { freePort } from './free-port.ts'
export { startOf } from './processes.ts'
export { type PostgresOptions, type PostgresServer, runningPort, startPostgres, stopLeftBehind } from './start-postgres.ts'
