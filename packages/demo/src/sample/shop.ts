import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import pg from 'pg'
import { from as copyFrom } from 'pg-copy-streams'
import { customerCount, tables } from './rows.ts'

/** The account that the gateway uses: it owns the sample's tables and nothing else. */
export const shopUser = 'shop_app'
export const shopDatabase = 'shop'

/** Changes whenever the tables or their rows do, so that an older sample is made anew. */
const version = 1

const schema = `
create table customers (
  id bigint primary key,
  full_name text not null,
  email text not null,
  phone text not null,
  city text not null,
  country char(2) not null,
  created_at timestamptz not null
);
create table cards (
  id bigint primary key,
  customer_id bigint not null,
  card_number text not null,
  network text not null,
  expires date not null
);
create table orders (
  id bigint primary key,
  customer_id bigint not null,
  placed_at timestamptz not null,
  status text not null
);
create table order_items (
  order_id bigint not null,
  line int not null,
  product text not null,
  quantity int not null,
  unit_cents int not null,
  primary key (order_id, line)
);`

/** After the rows, all at once: quicker than row by row. */
const constraints = `
alter table customers add unique (email);
alter table cards add unique (card_number), add foreign key (customer_id) references customers on delete cascade;
alter table orders add foreign key (customer_id) references customers on delete cascade;
alter table order_items add foreign key (order_id) references orders on delete cascade;
create index on cards (customer_id);
create index on orders (customer_id);
analyze;`

export interface ShopOptions {
  /** Connection string of the superuser for a database; the server is the sample's alone. */
  url(database?: string): string
  /** Of `shop_app`, set anew each time. */
  readonly password: string
  /** Fewer for a test. */
  readonly customers?: number
}

/**
 * Lays out the database `shop` with its customers, cards and orders, as it was at first: whatever was changed in an earlier run is
 * gone. The rows are made and loaded once; each later start copies a template.
 */
export async function layOutShop(options: ShopOptions): Promise<void> {
  const template = `shop_v${version}_${options.customers ?? customerCount}`
  await withClient(options.url(), async (admin) => {
    await admin.query(`do $$ begin create role ${shopUser} login; exception when duplicate_object then null; end $$`)
    await admin.query(`alter role ${shopUser} password ${admin.escapeLiteral(options.password)}`)
    const { rowCount } = await admin.query('select from pg_database where datname = $1', [template])
    if (rowCount === 0) {
      const unfinished = `${template}_unfinished`
      await admin.query(`drop database if exists ${unfinished}`)
      await admin.query(`create database ${unfinished} owner ${shopUser}`)
      await withClient(options.url(unfinished), (client) => load(client, options.customers))
      await admin.query(`alter database ${unfinished} rename to ${template}`)
    }
    await admin.query(`drop database if exists ${shopDatabase} with (force)`)
    await admin.query(`create database ${shopDatabase} template ${template} strategy file_copy owner ${shopUser}`)
    await admin.query(`revoke connect on database ${shopDatabase} from public`)
    await admin.query(`grant connect on database ${shopDatabase} to ${shopUser}`)
  })
}

async function load(client: pg.Client, count: number | undefined): Promise<void> {
  await client.query(`grant create on schema public to ${shopUser}`)
  await client.query(`set role ${shopUser}`)
  await client.query(schema)
  for (const { name, rows } of tables)
    await pipeline(Readable.from(rows(count)), client.query(copyFrom(`copy ${name} from stdin`)))
  await client.query(constraints)
}

async function withClient(url: string, work: (client: pg.Client) => Promise<void>): Promise<void> {
  const client = new pg.Client(url)
  await client.connect()
  try {
    await work(client)
  } finally {
    await client.end()
  }
}
