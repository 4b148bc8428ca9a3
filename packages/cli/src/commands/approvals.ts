import ApprovalsLs from './approvals/ls.ts'

/** The approver's inbox is what is meant by its name alone. */
export default class Approvals extends ApprovalsLs {
  static override summary = 'Show what is to be decided, as hoop approvals ls does.'
}
