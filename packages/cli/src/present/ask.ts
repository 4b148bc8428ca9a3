import inquirer from 'inquirer'
import { escapeLine } from './escape.ts'

// asked on stderr: stdout is for the answer
const prompt = inquirer.createPromptModule({ output: process.stderr })

/** Yes or no; no unless said otherwise. */
export async function confirm(question: string): Promise<boolean> {
  const { answer } = await prompt<{ answer: boolean }>([
    { type: 'confirm', name: 'answer', message: escapeLine(question), default: false },
  ])
  return answer
}

/** One line of text. */
export async function ask(question: string): Promise<string> {
  const { answer } = await prompt<{ answer: string }>([{ type: 'input', name: 'answer', message: escapeLine(question) }])
  return answer.trim()
}
