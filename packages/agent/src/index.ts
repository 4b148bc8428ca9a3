export { type AgentEvent, type AgentOptions, runAgent } from './agent.ts'
export { AllowList } from './allow-list.ts'
export type { TokenSource } from './membership.ts'
