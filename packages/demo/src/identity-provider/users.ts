/** A person or AI agent that the development identity provider knows. */
export interface DemoUser {
  readonly name: string
  readonly password: string
  readonly fullName: string
  readonly groups: readonly string[]
  /** The `hoop_kind` claim; absent: a person. */
  readonly kind?: 'ai-agent'
  /** What this user is for, in a few words. */
  readonly about: string
}

/** Groups that the demo's documents name. */
export const groups = {
  engineering: 'engineering',
  codingAgents: 'coding-agents',
  dba: 'dba',
  audit: 'audit',
  admins: 'hoop-admins',
} as const

/** The same password for all: the provider listens on loopback only, and guards nothing but sample data. */
const password = 'demo'

export const demoUsers = [
  { name: 'ada', password, fullName: 'Ada Okafor', groups: [groups.engineering], about: 'an engineer' },
  { name: 'devin', password, fullName: 'Devin', groups: [groups.codingAgents], kind: 'ai-agent', about: 'an AI coding agent' },
  { name: 'grace', password, fullName: 'Grace Lindqvist', groups: [groups.dba], about: 'a DBA, who approves' },
  { name: 'otto', password, fullName: 'Otto Brandt', groups: [groups.audit], about: 'an auditor' },
  { name: 'root-admin', password, fullName: 'Root Admin', groups: [groups.admins], about: 'the administrator' },
] as const satisfies readonly DemoUser[]

export type DemoUserName = (typeof demoUsers)[number]['name']
