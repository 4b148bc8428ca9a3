import { runGateway } from '../index.ts'

await runGateway(process.env)
