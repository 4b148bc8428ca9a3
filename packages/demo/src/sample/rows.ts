import { testCard } from './cards.ts'
import { seededRandom } from './random.ts'
import { cities, firstNames, lastNames, mailDomains, products } from './words.ts'

/** How many customers the sample shop has. */
export const customerCount = 50_000

/** One table's rows in the text format of COPY, in blocks of a few hundred lines. */
export type Rows = Iterable<string>

const line = (...values: (string | number)[]) => `${values.join('\t')}\n`

/** A day and time in the two years before 2026, as PostgreSQL reads it. */
function moment(minutes: number): string {
  return new Date(Date.UTC(2024, 0, 1) + minutes * 60_000).toISOString()
}
const twoYears = 2 * 365 * 24 * 60

function* inBlocks(lines: Iterable<string>): Rows {
  let block = ''
  for (const each of lines) {
    block += each
    if (block.length > 32_768) {
      yield block
      block = ''
    }
  }
  if (block !== '') yield block
}

/** `id, full_name, email, phone, city, country, created_at` */
function* customers(count = customerCount): Generator<string> {
  const random = seededRandom(1)
  for (let id = 1; id <= count; id++) {
    const [first, last] = [random.pick(firstNames), random.pick(lastNames)]
    const [city, country, code] = random.pick(cities)
    const email = `${first}.${last}${id}@${random.pick(mailDomains)}`.toLowerCase()
    const phone = `+${code} ${200 + random.below(700)} ${String(random.below(1_000_000)).padStart(6, '0')}`
    yield line(id, `${first} ${last}`, email, phone, city, country, moment(random.below(twoYears)))
  }
}

/** `id, customer_id, card_number, network, expires`; some customers have a second card. */
export function* cards(count = customerCount): Generator<string> {
  const random = seededRandom(2)
  let id = 0
  for (let customer = 1; customer <= count; customer++) {
    const many = random.below(5) === 0 ? 2 : 1
    for (let i = 0; i < many; i++) {
      id++
      const { network, number } = testCard(id, random)
      const expires = `20${27 + random.below(5)}-${String(1 + random.below(12)).padStart(2, '0')}-01`
      yield line(id, customer, number, network, expires)
    }
  }
}

const statuses = ['paid', 'paid', 'shipped', 'shipped', 'shipped', 'delivered', 'delivered', 'cancelled'] as const

/** `id, customer_id, placed_at, status`; 0 to 3 for each customer. */
function* orders(count = customerCount): Generator<string> {
  const random = seededRandom(3)
  let id = 0
  for (let customer = 1; customer <= count; customer++) {
    const many = random.below(4)
    for (let i = 0; i < many; i++) yield line(++id, customer, moment(random.below(twoYears)), random.pick(statuses))
  }
}

/** `order_id, line, product, quantity, unit_cents`; 1 to 3 lines for each order. */
function* orderItems(count = customerCount): Generator<string> {
  const random = seededRandom(4)
  let order = 0
  // The same orders in the same sequence, for the same foreign keys.
  for (const _ of orders(count)) {
    order++
    const many = 1 + random.below(3)
    for (let number = 1; number <= many; number++) {
      const [product, cents] = random.pick(products)
      yield line(order, number, product, 1 + random.below(3), cents)
    }
  }
}

/** All tables in the order in which their foreign keys allow loading. */
export const tables: readonly { readonly name: string; readonly rows: (count?: number) => Rows }[] = [
  { name: 'customers', rows: (count) => inBlocks(customers(count)) },
  { name: 'cards', rows: (count) => inBlocks(cards(count)) },
  { name: 'orders', rows: (count) => inBlocks(orders(count)) },
  { name: 'order_items', rows: (count) => inBlocks(orderItems(count)) },
]

/** Every card number in the sample, to search for where none may be. */
export function cardNumbers(count = customerCount): Set<string> {
  const numbers = new Set<string>()
  for (const row of cards(count)) numbers.add(row.split('\t', 3)[2] ?? '')
  return numbers
}
