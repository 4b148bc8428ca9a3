import type { Effect } from '@hoop/contracts'

/** What a statement does that defines, changes or maintains things, told by its node alone. */
export interface Definition {
  readonly verb: string
  readonly effects: readonly Effect[]
  /** What the catalogue was read for may be different afterwards. */
  readonly changesCatalogue?: boolean
  readonly destructive?: boolean
  readonly secret?: boolean
  readonly unknownBecause?: string
  readonly notSupported?: string
}

const ddl: readonly Effect[] = ['ddl']
const dcl: readonly Effect[] = ['dcl']
/** What makes no name mean anything else. */
const aside = (verb: string, effects: readonly Effect[] = ddl): Definition => ({ verb, effects })
const create: Definition = { verb: 'CREATE', effects: ddl, changesCatalogue: true }
const alter: Definition = { verb: 'ALTER', effects: ddl, changesCatalogue: true }
const drop: Definition = { verb: 'DROP', effects: ddl, changesCatalogue: true, destructive: true }
const laterRun = (what: string): Partial<Definition> => ({
  effects: ['ddl', 'execute', 'unknown'],
  unknownBecause: `hoop does not read the body of ${what}`,
})

const unseen = (what: string): Pick<Definition, 'effects' | 'unknownBecause'> => ({
  effects: ['ddl', 'unknown'],
  unknownBecause: `hoop does not know what ${what}`,
})

/** Every statement that needs no reading of its own, by its node's tag. */
export const definitions: Readonly<Record<string, Definition>> = {
  CreateStmt: create,
  CreateSeqStmt: create,
  IndexStmt: aside('CREATE'),
  CreateStatsStmt: aside('CREATE'),
  DefineStmt: create,
  CompositeTypeStmt: create,
  CreateEnumStmt: create,
  CreateRangeStmt: create,
  CreateDomainStmt: create,
  CreateConversionStmt: create,
  CreateCastStmt: create,
  CreateTransformStmt: create,
  CreateOpClassStmt: create,
  CreateOpFamilyStmt: create,
  CreatedbStmt: aside('CREATE'),
  CreateSchemaStmt: create,
  CreateTableSpaceStmt: { ...create, effects: ['ddl', 'file'] },
  CreateForeignTableStmt: { ...create, effects: ['ddl', 'network'] },
  CreateForeignServerStmt: { ...create, effects: ['ddl', 'network'], secret: true },
  CreateFdwStmt: { ...create, effects: ['ddl', 'network', 'execute'], secret: true },
  ImportForeignSchemaStmt: { ...create, verb: 'IMPORT', effects: ['ddl', 'network'] },
  CreatePublicationStmt: aside('CREATE', ['ddl', 'replication']),
  CreateSubscriptionStmt: { ...create, effects: ['ddl', 'replication', 'network'], secret: true },
  CreateUserMappingStmt: { ...create, effects: ['dcl', 'network'], secret: true },
  CreateRoleStmt: { ...aside('CREATE', dcl), secret: true },
  CreatePolicyStmt: { ...create, effects: ['ddl', 'dcl'] },
  CreateAmStmt: { ...create, ...laterRun('an access method') },
  CreatePLangStmt: { ...create, ...laterRun('a language') },
  CreateExtensionStmt: { ...create, ...laterRun("an extension's script") },
  CreateTrigStmt: { ...create, effects: ['ddl', 'execute'] },
  CreateEventTrigStmt: { ...create, effects: ['ddl', 'execute'] },
  RuleStmt: { ...create, effects: ['ddl', 'execute'] },
  CreateFunctionStmt: { ...create, effects: ['ddl', 'execute'] },

  AlterTableStmt: alter,
  AlterSeqStmt: alter,
  AlterStatsStmt: aside('ALTER'),
  AlterEnumStmt: alter,
  AlterTypeStmt: alter,
  AlterDomainStmt: alter,
  AlterOpFamilyStmt: alter,
  AlterOperatorStmt: alter,
  AlterCollationStmt: alter,
  AlterTSDictionaryStmt: alter,
  AlterTSConfigurationStmt: alter,
  AlterDatabaseStmt: aside('ALTER'),
  AlterDatabaseRefreshCollStmt: aside('ALTER'),
  AlterTableSpaceOptionsStmt: aside('ALTER'),
  AlterTableMoveAllStmt: { ...alter, ...unseen('a tablespace holds') },
  AlterObjectDependsStmt: alter,
  AlterObjectSchemaStmt: alter,
  AlterExtensionContentsStmt: alter,
  RenameStmt: alter,
  AlterOwnerStmt: { ...alter, effects: ['ddl', 'dcl'] },
  AlterPolicyStmt: { ...alter, effects: ['ddl', 'dcl'] },
  AlterFunctionStmt: { ...alter, effects: ['ddl', 'execute'] },
  AlterEventTrigStmt: { ...alter, ...laterRun('an event trigger') },
  AlterExtensionStmt: { ...alter, ...laterRun("an extension's script") },
  AlterFdwStmt: { ...alter, effects: ['ddl', 'network', 'execute'], secret: true },
  AlterForeignServerStmt: { ...alter, effects: ['ddl', 'network'], secret: true },
  AlterUserMappingStmt: { ...alter, effects: ['dcl', 'network'], secret: true },
  AlterPublicationStmt: aside('ALTER', ['ddl', 'replication']),
  AlterSubscriptionStmt: { ...alter, effects: ['ddl', 'replication', 'network'], secret: true },
  AlterRoleStmt: { ...aside('ALTER', dcl), secret: true },
  AlterRoleSetStmt: aside('ALTER', ['dcl', 'session']),
  AlterDatabaseSetStmt: aside('ALTER', ['ddl', 'session']),
  AlterSystemStmt: aside('ALTER', ['ddl', 'session']),

  DropStmt: drop,
  DropdbStmt: { ...aside('DROP'), destructive: true },
  DropTableSpaceStmt: { ...aside('DROP'), destructive: true },
  DropRoleStmt: { ...aside('DROP', dcl), destructive: true },
  DropUserMappingStmt: { ...drop, effects: dcl },
  DropOwnedStmt: { ...drop, ...unseen('a role owns or may use'), effects: ['ddl', 'dcl', 'unknown'] },
  DropSubscriptionStmt: { ...drop, effects: ['ddl', 'replication', 'network'] },
  TruncateStmt: { verb: 'TRUNCATE', effects: ['write', 'ddl'], destructive: true },

  GrantStmt: { verb: 'GRANT', effects: dcl },
  GrantRoleStmt: { verb: 'GRANT', effects: dcl },
  AlterDefaultPrivilegesStmt: { verb: 'ALTER', effects: dcl },
  ReassignOwnedStmt: { verb: 'REASSIGN', ...unseen('a role owns'), effects: ['dcl', 'unknown'] },

  CommentStmt: { verb: 'COMMENT', effects: ddl },
  SecLabelStmt: { verb: 'SECURITY LABEL', effects: ['ddl', 'dcl'] },
  ClusterStmt: { verb: 'CLUSTER', effects: ddl },
  VacuumStmt: { verb: 'VACUUM', effects: ddl },
  ReindexStmt: { verb: 'REINDEX', effects: ddl },
  CheckPointStmt: { verb: 'CHECKPOINT', effects: ['execute'] },

  ConstraintsSetStmt: { verb: 'SET', effects: ['session'] },
  LoadStmt: { verb: 'LOAD', effects: ['file', 'execute'], notSupported: 'LOAD' },
  DiscardStmt: { verb: 'DISCARD', effects: ['session'] },
  ListenStmt: { verb: 'LISTEN', effects: ['session'] },
  UnlistenStmt: { verb: 'UNLISTEN', effects: ['session'] },
  NotifyStmt: { verb: 'NOTIFY', effects: ['write'] },
  DeallocateStmt: { verb: 'DEALLOCATE', effects: ['session'] },
  ClosePortalStmt: { verb: 'CLOSE', effects: ['session'] },
}

/** Objects that are no relations, by the field that holds the name. */
export const namedBy: Readonly<Record<string, { readonly kind: string; readonly field: string; readonly access?: string }>> = {
  ListenStmt: { kind: 'channel', field: 'conditionname', access: 'read' },
  UnlistenStmt: { kind: 'channel', field: 'conditionname', access: 'read' },
  NotifyStmt: { kind: 'channel', field: 'conditionname', access: 'write' },
  CreateRoleStmt: { kind: 'role', field: 'role', access: 'dcl' },
  CreateSchemaStmt: { kind: 'schema', field: 'schemaname' },
  CreatedbStmt: { kind: 'database', field: 'dbname' },
  DropdbStmt: { kind: 'database', field: 'dbname' },
  AlterDatabaseStmt: { kind: 'database', field: 'dbname' },
  AlterDatabaseSetStmt: { kind: 'database', field: 'dbname' },
  CreateExtensionStmt: { kind: 'extension', field: 'extname' },
  AlterExtensionStmt: { kind: 'extension', field: 'extname' },
  CreateForeignServerStmt: { kind: 'server', field: 'servername' },
  AlterForeignServerStmt: { kind: 'server', field: 'servername' },
  CreateSubscriptionStmt: { kind: 'subscription', field: 'subname' },
  AlterSubscriptionStmt: { kind: 'subscription', field: 'subname' },
  DropSubscriptionStmt: { kind: 'subscription', field: 'subname' },
  CreatePublicationStmt: { kind: 'publication', field: 'pubname' },
  AlterPublicationStmt: { kind: 'publication', field: 'pubname' },
}

/** Nodes inside a definition that have no meaning of their own here. */
export const definitionNodes = new Set(
  [
    'AccessPriv AlterTableCmd ATAlterConstraint ColumnDef Constraint CreateOpClassItem FunctionParameter ObjectWithArgs PartitionBoundSpec PartitionCmd',
    'PartitionElem PartitionRangeDatum PartitionSpec PublicationObjSpec PublicationTable ReplicaIdentityStmt StatsElem TableLikeClause',
    'TriggerTransition VacuumRelation DefElem IndexElem List RoleSpec ResTarget CreateStmt ReturnStmt VariableSetStmt RawStmt',
  ].flatMap((tags) => tags.split(' ')),
)
