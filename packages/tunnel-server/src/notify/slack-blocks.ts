import type { Notice } from './notice.ts'
import { commands, facts, isOpen, line, statement, title } from './words.ts'

/** Characters of a statement that a message shows; what is longer is not decided here. */
const shownStatement = 2800

/** Which button, which dialog. */
export const ids = { approve: 'hoop_approve', deny: 'hoop_deny', denial: 'hoop_denial', reason: 'hoop_reason' } as const

/**
 * A message of https://docs.slack.dev/reference/block-kit: everything from elsewhere is in `plain_text` or `rich_text`, which Slack does not
 * read as markup, so that nothing in it is a link, a mention or a format.
 */
export function blocksOf(notice: Notice): unknown[] {
  const shown = statement(notice)
  const whole = shown === null || (shown.length <= shownStatement && notice.operation?.whole === true)
  const cut = `Only a part is shown, and what is not seen cannot be approved here: hoop approvals show ${notice.subject}`
  return [
    { type: 'section', text: plain(title(notice)) },
    ...facts(notice).map(([name, value]) => ({ type: 'context', elements: [plain(`${name}: ${value}`)] })),
    ...(shown === null ? [] : [preformatted(whole ? shown : shown.slice(0, shownStatement).toWellFormed())]),
    ...(whole ? [] : [{ type: 'context', elements: [plain(cut)] }]),
    ...(isOpen(notice) ? [{ type: 'context', elements: [plain(commands(notice).join('   '))] }] : []),
    ...(isOpen(notice) && whole ? [buttons(notice)] : []),
  ]
}

/** What a notification of the system shows. */
export function fallback(notice: Notice): string {
  return marked(title(notice))
}

/** Text where Slack reads markup, as nothing but text (https://docs.slack.dev/messaging/formatting-message-text). */
export function marked(text: string): string {
  return text.replace(/[&<>]/g, (character) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;' })[character] ?? '')
}

function buttons({ subject }: Notice): unknown {
  const button = (id: string, text: string, style: string) => ({
    type: 'button',
    action_id: id,
    text: plain(text),
    style,
    value: subject,
  })
  return { type: 'actions', elements: [button(ids.approve, 'Approve', 'primary'), button(ids.deny, 'Deny …', 'danger')] }
}

/** Asks for the reason of a denial. */
export function denialDialog(subject: string): unknown {
  return {
    type: 'modal',
    callback_id: ids.denial,
    private_metadata: subject,
    title: plain('Deny'),
    submit: plain('Deny'),
    close: plain('Cancel'),
    blocks: [
      {
        type: 'input',
        block_id: ids.reason,
        label: plain('Why? The one who asked reads it.'),
        element: { type: 'plain_text_input', action_id: ids.reason, multiline: true, max_length: 2000 },
      },
    ],
  }
}

function plain(text: string): { type: 'plain_text'; text: string; emoji: false } {
  return { type: 'plain_text', text: line(text, 2000), emoji: false }
}

function preformatted(text: string): unknown {
  return { type: 'rich_text', elements: [{ type: 'rich_text_preformatted', elements: [{ type: 'text', text }] }] }
}
