package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net/netip"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgconn/ctxwatch"
	"github.com/jackc/pgx/v5/pgtype"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
)

func pgxCases() []namedCase {
	cases := []namedCase{
		{"pgx: types", pgxTypes},
		{"pgx: CopyFrom", pgxCopyFrom},
		{"pgx: batches", pgxBatches},
		{"pgx: pipelines", pgxPipelines},
		{"pgx: notifications", pgxNotifications},
		{"pgx: large objects", pgxLargeObjects},
		{"pgx: pool", pgxPool},
		{"pgx: cancelled contexts", pgxCancel},
		{"pgx: types of the database", pgxTypeLoading},
		{"pgx: transactions", pgxTransactions},
		{"pgx: database/sql", pgxStdlib},
		{"pgx: settings", pgxSettings},
		{"pgx: cursors in SQL", pgxCursors},
	}
	for _, mode := range []pgx.QueryExecMode{pgx.QueryExecModeCacheStatement, pgx.QueryExecModeCacheDescribe, pgx.QueryExecModeDescribeExec, pgx.QueryExecModeExec, pgx.QueryExecModeSimpleProtocol} {
		cases = append(cases, namedCase{"pgx: default_query_exec_mode=" + strings.ReplaceAll(mode.String(), " ", "_"), func(ctx context.Context, s session) error { return pgxMode(ctx, s, mode) }})
	}
	return cases
}

func pgxConnect(ctx context.Context, s session, change func(*pgx.ConnConfig)) (*pgx.Conn, error) {
	config, err := pgx.ParseConfig(s.url)
	if err != nil {
		return nil, err
	}
	if change != nil {
		change(config)
	}
	return pgx.ConnectConfig(ctx, config)
}

// run is a connection for one piece of work.
func run(ctx context.Context, s session, work func(*pgx.Conn) error) error {
	conn, err := pgxConnect(ctx, s, nil)
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	return work(conn)
}

func execAll(ctx context.Context, conn *pgx.Conn, statements ...string) error {
	for _, each := range statements {
		if _, err := conn.Exec(ctx, each); err != nil {
			return fmt.Errorf("%s: %w", each, err)
		}
	}
	return nil
}

func pgxMode(ctx context.Context, s session, mode pgx.QueryExecMode) error {
	conn, err := pgxConnect(ctx, s, func(config *pgx.ConnConfig) {
		config.DefaultQueryExecMode = mode
		config.StatementCacheCapacity = 3
		config.DescriptionCacheCapacity = 3
	})
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	if err := execAll(ctx, conn, "drop table if exists modes", "create table modes (id int primary key, word text, at timestamptz)"); err != nil {
		return err
	}
	for i := range 8 {
		var word *string
		if i%2 == 0 {
			text := fmt.Sprintf("it's \\ number %d", i)
			word = &text
		}
		tag, err := conn.Exec(ctx, "insert into modes values ($1, $2, $3)", i, word, time.Unix(int64(i)*1e6, 0))
		if err != nil {
			return err
		}
		s.tell(tag)
	}
	for i := range 6 {
		// More texts than the cache keeps.
		rows, err := conn.Query(ctx, fmt.Sprintf("select id + %d, word, extract(epoch from at)::bigint from modes where id = any ($1) order by id", i), []int32{1, 2, int32(i)})
		if err := s.tellRows(rows, err); err != nil {
			return err
		}
	}
	var sum int
	if err := conn.QueryRow(ctx, "select sum(id)::int from modes where id > $1", 3).Scan(&sum); err != nil {
		return err
	}
	s.tell(sum)
	if mode != pgx.QueryExecModeSimpleProtocol {
		if err := execAll(ctx, conn, "alter table modes add column more int default 5"); err != nil {
			return err
		}
	}
	_, err = conn.Exec(ctx, "insert into modes values ($1, $2, $3)", 1, "again", time.Unix(0, 0))
	s.tell(sqlState(err))
	_, err = conn.Exec(ctx, "select 1 / $1::int", 0)
	s.tell(sqlState(err))
	return execAll(ctx, conn, "drop table modes")
}

func pgxTypes(ctx context.Context, s session) error {
	return run(ctx, s, func(conn *pgx.Conn) error {
		numeric := pgtype.Numeric{Int: big.NewInt(-1234567890123), Exp: -5, Valid: true}
		uuid := pgtype.UUID{Bytes: [16]byte{1, 2, 3, 15: 255}, Valid: true}
		arguments := []any{int16(-7), int32(1 << 30), int64(-1 << 60), float32(1.5), 2.25, true, "é😀", []byte{0, 255}, numeric, uuid, netip.MustParsePrefix("10.0.0.0/8"),
			time.Date(2026, 2, 28, 0, 0, 0, 0, time.UTC), pgtype.Interval{Months: 1, Days: 2, Microseconds: 3, Valid: true}, map[string]any{"a": []int{1, 2}},
			[]string{"a,b", "", "\"q\""}, [][]int32{{1, 2}, {3, 4}}, pgtype.Range[pgtype.Int4]{Lower: pgtype.Int4{Int32: 1, Valid: true}, Upper: pgtype.Int4{Int32: 5, Valid: true}, LowerType: pgtype.Inclusive, UpperType: pgtype.Exclusive, Valid: true},
			pgtype.Point{P: pgtype.Vec2{X: 1, Y: -2}, Valid: true}, pgtype.Bits{Bytes: []byte{0xa0}, Len: 3, Valid: true}, nil}
		return s.tellRows(conn.Query(ctx, `select $1::int2, $2::int4, $3::int8, $4::float4, $5::float8, $6::bool, $7::text, $8::bytea, $9::numeric, $10::uuid, $11::cidr,
			$12::date, $13::interval, $14::jsonb, $15::text[], $16::int4[][], $17::int4range, $18::point, $19::varbit, $20::text`, arguments...))
	})
}

func pgxCopyFrom(ctx context.Context, s session) error {
	return run(ctx, s, func(conn *pgx.Conn) error {
		if err := execAll(ctx, conn, "drop table if exists copied", "create table copied (id int, word text, at date, bytes bytea)"); err != nil {
			return err
		}
		rows := make([][]any, 20_000)
		for i := range rows {
			rows[i] = []any{i, fmt.Sprintf("word %d", i), time.Date(2026, 1, 1+i%28, 0, 0, 0, 0, time.UTC), []byte{byte(i)}}
		}
		count, err := conn.CopyFrom(ctx, pgx.Identifier{"copied"}, []string{"id", "word", "at", "bytes"}, pgx.CopyFromRows(rows))
		if err != nil {
			return err
		}
		s.tell(count)
		tag, err := conn.PgConn().CopyFrom(ctx, strings.NewReader("1\tx\t\\N\t\\N\n"), "copy copied from stdin")
		if err != nil {
			return err
		}
		s.tell(tag)
		var text strings.Builder
		if _, err := conn.PgConn().CopyTo(ctx, &text, "copy (select * from copied where id < 3 order by id, word) to stdout"); err != nil {
			return err
		}
		s.tell(text.String())
		_, err = conn.PgConn().CopyFrom(ctx, strings.NewReader("x\ty\t\\N\t\\N\n"), "copy copied from stdin")
		s.tell(sqlState(err))
		_, err = conn.CopyFrom(ctx, pgx.Identifier{"copied"}, []string{"id"}, pgx.CopyFromFunc(func() ([]any, error) { return nil, errors.New("no more") }))
		s.tell(err != nil)
		if err := s.tellRows(conn.Query(ctx, "select count(*), sum(id), max(at) from copied")); err != nil {
			return err
		}
		return execAll(ctx, conn, "drop table copied")
	})
}

func pgxBatches(ctx context.Context, s session) error {
	return run(ctx, s, func(conn *pgx.Conn) error {
		if err := execAll(ctx, conn, "drop table if exists batched", "create table batched (id int primary key)"); err != nil {
			return err
		}
		batch := &pgx.Batch{}
		for i := range 100 {
			batch.Queue("insert into batched values ($1)", i)
		}
		batch.Queue("select count(*) from batched").QueryRow(func(row pgx.Row) error {
			var count int
			err := row.Scan(&count)
			s.tell(count)
			return err
		})
		if err := conn.SendBatch(ctx, batch).Close(); err != nil {
			return err
		}
		failing := &pgx.Batch{}
		failing.Queue("insert into batched values (1000)")
		failing.Queue("insert into batched values (1)")
		failing.Queue("insert into batched values (1001)")
		s.tell(sqlState(conn.SendBatch(ctx, failing).Close()))
		if err := s.tellRows(conn.Query(ctx, "select count(*) from batched")); err != nil {
			return err
		}
		return execAll(ctx, conn, "drop table batched")
	})
}

func pgxPipelines(ctx context.Context, s session) error {
	return run(ctx, s, func(conn *pgx.Conn) error {
		pipeline := conn.PgConn().StartPipeline(ctx)
		pipeline.SendPrepare("doubled", "select $1::int * 2", nil)
		for i := range 3 {
			pipeline.SendQueryPrepared("doubled", [][]byte{fmt.Append(nil, i)}, nil, nil)
		}
		if err := pipeline.Sync(); err != nil {
			return err
		}
		pipeline.SendQueryParams("select 1 / $1::int", [][]byte{[]byte("0")}, nil, nil, nil)
		pipeline.SendQueryParams("select 'skipped'", nil, nil, nil, nil)
		if err := pipeline.Sync(); err != nil {
			return err
		}
		pipeline.SendQueryParams("select 'after it'", nil, nil, nil, nil)
		pipeline.SendDeallocate("doubled")
		if err := pipeline.Sync(); err != nil {
			return err
		}
		for range 20 {
			results, err := pipeline.GetResults()
			if err != nil {
				s.tell("error", sqlState(err))
				continue
			}
			switch result := results.(type) {
			case nil:
				continue
			case *pgconn.ResultReader:
				read := result.Read()
				for _, row := range read.Rows {
					s.tell(string(row[0]))
				}
				if read.Err != nil {
					s.tell("error", sqlState(read.Err))
				}
			case *pgconn.StatementDescription:
				s.tell("prepared", result.ParamOIDs)
			default:
				s.tell(fmt.Sprintf("%T", result))
			}
		}
		return pipeline.Close()
	})
}

func pgxNotifications(ctx context.Context, s session) error {
	return run(ctx, s, func(listening *pgx.Conn) error {
		return run(ctx, s, func(telling *pgx.Conn) error {
			if err := execAll(ctx, listening, "listen news"); err != nil {
				return err
			}
			arrived := make(chan *pgconn.Notification, 1)
			failed := make(chan error, 1)
			go func() {
				notification, err := listening.WaitForNotification(ctx)
				if err != nil {
					failed <- err
				}
				arrived <- notification
			}()
			if _, err := telling.Exec(ctx, "select pg_notify('news', $1)", "it's new"); err != nil {
				return err
			}
			select {
			case notification := <-arrived:
				s.tell(notification.Channel, notification.Payload)
			case err := <-failed:
				return err
			}
			short, cancel := context.WithTimeout(ctx, 50*time.Millisecond)
			defer cancel()
			_, err := listening.WaitForNotification(short)
			s.tell("nothing more:", err != nil, listening.IsClosed())
			return nil
		})
	})
}

func pgxLargeObjects(ctx context.Context, s session) error {
	return run(ctx, s, func(conn *pgx.Conn) error {
		return pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error {
			objects := tx.LargeObjects()
			oid, err := objects.Create(ctx, 0)
			if err != nil {
				return err
			}
			object, err := objects.Open(ctx, oid, pgx.LargeObjectModeRead|pgx.LargeObjectModeWrite)
			if err != nil {
				return err
			}
			if _, err := object.Write([]byte(strings.Repeat("0123456789", 10_000))); err != nil {
				return err
			}
			if _, err := object.Seek(-15, io.SeekEnd); err != nil {
				return err
			}
			rest, err := io.ReadAll(object)
			if err != nil {
				return err
			}
			position, err := object.Tell()
			if err != nil {
				return err
			}
			s.tell(string(rest), position)
			if err := object.Truncate(7); err != nil {
				return err
			}
			if err := object.Close(); err != nil {
				return err
			}
			if err := s.tellRows(tx.Query(ctx, "select convert_from(lo_get($1), 'UTF8')", oid)); err != nil {
				return err
			}
			return objects.Unlink(ctx, oid)
		})
	})
}

func pgxPool(ctx context.Context, s session) error {
	pool, err := pgxpool.New(ctx, s.with("pool_max_conns=4&pool_min_conns=2&pool_health_check_period=1s&pool_max_conn_lifetime=1h"))
	if err != nil {
		return err
	}
	defer pool.Close()
	if err := pool.Ping(ctx); err != nil {
		return err
	}
	var wait sync.WaitGroup
	sums := make([]int, 40)
	errs := make([]error, 40)
	for i := range sums {
		wait.Go(func() {
			errs[i] = pool.QueryRow(ctx, "select sum(n)::int from generate_series(1, $1::int) n", i).Scan(&sums[i])
		})
	}
	wait.Wait()
	s.tell(sums[1:], errors.Join(errs[1:]...))
	pool.Reset()
	return pool.Ping(ctx)
}

func pgxCancel(ctx context.Context, s session) error {
	return run(ctx, s, func(conn *pgx.Conn) error {
		short, cancel := context.WithTimeout(ctx, 200*time.Millisecond)
		defer cancel()
		_, err := conn.Exec(short, "select pg_sleep(30)")
		s.tell(errors.Is(err, context.DeadlineExceeded), conn.IsClosed())

		polite, err := pgxConnect(ctx, s, func(config *pgx.ConnConfig) {
			config.BuildContextWatcherHandler = func(conn *pgconn.PgConn) ctxwatch.Handler {
				return &pgconn.CancelRequestContextWatcherHandler{Conn: conn, CancelRequestDelay: 0, DeadlineDelay: 20 * time.Second}
			}
		})
		if err != nil {
			return err
		}
		defer polite.Close(ctx)
		for range 3 {
			short, cancel := context.WithTimeout(ctx, 200*time.Millisecond)
			_, err = polite.Exec(short, "select pg_sleep(30)")
			cancel()
			s.tell(sqlState(err), polite.IsClosed())
		}
		if err := s.tellRows(polite.Query(ctx, "select 'it goes on'")); err != nil {
			return err
		}
		// By hand, from another goroutine.
		ended := make(chan error, 1)
		go func() { ended <- execAll(ctx, polite, "select pg_sleep(30)") }()
		for {
			select {
			case err := <-ended:
				s.tell(sqlState(err))
				return nil
			case <-time.After(100 * time.Millisecond):
				if err := polite.PgConn().CancelRequest(ctx); err != nil {
					return err
				}
			}
		}
	})
}

func pgxTypeLoading(ctx context.Context, s session) error {
	return run(ctx, s, func(conn *pgx.Conn) error {
		if err := execAll(ctx, conn, "drop type if exists pair, shade cascade", "drop domain if exists positive cascade", "create type shade as enum ('dark', 'light')", "create domain positive as int check (value > 0)",
			"create type pair as (first int, second shade)"); err != nil {
			return err
		}
		types, err := conn.LoadTypes(ctx, []string{"shade", "_shade", "positive", "pair", "_pair"})
		if err != nil {
			return err
		}
		conn.TypeMap().RegisterTypes(types)
		one, err := conn.LoadType(ctx, "pair")
		if err != nil {
			return err
		}
		s.tell(one.Name, len(types))
		type pair struct {
			First  int32
			Second string
		}
		var back pair
		var many []pair
		err = conn.QueryRow(ctx, "select $1::pair, array[$1, row(7, 'dark')::pair], $2::shade[], $3::positive", pair{5, "light"}, []string{"dark"}, 3).Scan(&back, &many, nil, nil)
		s.tell(back, many)
		if err != nil {
			return err
		}
		return execAll(ctx, conn, "drop type pair, shade", "drop domain positive")
	})
}

func pgxTransactions(ctx context.Context, s session) error {
	return run(ctx, s, func(conn *pgx.Conn) error {
		if err := execAll(ctx, conn, "drop table if exists tried", "create table tried (id int primary key)"); err != nil {
			return err
		}
		for _, options := range []pgx.TxOptions{{}, {IsoLevel: pgx.Serializable, AccessMode: pgx.ReadOnly, DeferrableMode: pgx.Deferrable}, {IsoLevel: pgx.RepeatableRead}, {BeginQuery: "begin work"}} {
			err := pgx.BeginTxFunc(ctx, conn, options, func(tx pgx.Tx) error {
				_, err := tx.Exec(ctx, "insert into tried select count(*) from tried")
				return err
			})
			s.tell(sqlState(err))
		}
		err := pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error {
			inner := pgx.BeginFunc(ctx, tx, func(tx pgx.Tx) error {
				_, err := tx.Exec(ctx, "insert into tried values (0)")
				return err
			})
			s.tell("inner", sqlState(inner))
			_, err := tx.Exec(ctx, "insert into tried values (100)")
			return err
		})
		if err != nil {
			return err
		}
		if err := s.tellRows(conn.Query(ctx, "select * from tried order by id")); err != nil {
			return err
		}
		return execAll(ctx, conn, "drop table tried")
	})
}

func pgxStdlib(ctx context.Context, s session) error {
	config, err := pgx.ParseConfig(s.url)
	if err != nil {
		return err
	}
	db := stdlib.OpenDB(*config)
	defer db.Close()
	db.SetMaxOpenConns(3)
	return databaseSQL(ctx, s, db)
}

func pgxSettings(ctx context.Context, s session) error {
	conn, err := pgx.Connect(ctx, s.with("application_name=a%20program&statement_timeout=9000&options=-c%20lock_timeout%3D5s&timezone=Europe/Berlin&target_session_attrs=read-write&search_path=public"))
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	for _, setting := range []string{"statement_timeout", "lock_timeout", "timezone", "search_path"} {
		if err := s.tellRows(conn.Query(ctx, "select current_setting($1)", setting)); err != nil {
			return err
		}
	}
	s.tell(conn.PgConn().ParameterStatus("TimeZone"), conn.PgConn().ParameterStatus("client_encoding"))
	return nil
}

func pgxCursors(ctx context.Context, s session) error {
	return run(ctx, s, func(conn *pgx.Conn) error {
		return pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error {
			if _, err := tx.Exec(ctx, "declare counted scroll cursor for select n from generate_series(1, 100) n"); err != nil {
				return err
			}
			for _, each := range []string{"fetch 3 from counted", "move 90 in counted", "fetch all from counted", "fetch absolute 2 from counted"} {
				if err := s.tellRows(tx.Query(ctx, each)); err != nil {
					return err
				}
			}
			_, err := tx.Exec(ctx, "close counted")
			return err
		})
	})
}
