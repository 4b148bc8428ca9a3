package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/lib/pq"
)

func pqCases() []namedCase {
	return []namedCase{
		{"lib/pq: database/sql", func(ctx context.Context, s session) error { return pqDatabase(ctx, s, "") }},
		{"lib/pq: binary_parameters", func(ctx context.Context, s session) error { return pqDatabase(ctx, s, "binary_parameters=yes") }},
		{"lib/pq: CopyIn", pqCopy},
		{"lib/pq: listener", pqListener},
		{"lib/pq: errors and notices", pqErrors},
		{"lib/pq: settings", pqSettings},
	}
}

func pqOpen(s session, settings string, work func(*sql.DB) error) error {
	db, err := sql.Open("postgres", s.with(settings))
	if err != nil {
		return err
	}
	defer db.Close()
	db.SetMaxOpenConns(3)
	return work(db)
}

func pqDatabase(ctx context.Context, s session, settings string) error {
	return pqOpen(s, settings, func(db *sql.DB) error { return databaseSQL(ctx, s, db) })
}

// databaseSQL is what programs do by database/sql, whatever driver is behind it.
func databaseSQL(ctx context.Context, s session, db *sql.DB) error {
	for _, each := range []string{"drop table if exists by_database_sql", "create table by_database_sql (id serial, word text, at timestamptz)"} {
		if _, err := db.ExecContext(ctx, each); err != nil {
			return err
		}
	}
	insert, err := db.PrepareContext(ctx, "insert into by_database_sql (word, at) values ($1, $2) returning id")
	if err != nil {
		return err
	}
	for i := range 5 {
		var id int
		word := sql.NullString{String: fmt.Sprint("it's ", i), Valid: i != 3}
		if err := insert.QueryRowContext(ctx, word, time.Unix(int64(i), 0)).Scan(&id); err != nil {
			return err
		}
		s.tell(id)
	}
	if err := insert.Close(); err != nil {
		return err
	}
	transaction, err := db.BeginTx(ctx, &sql.TxOptions{Isolation: sql.LevelSerializable, ReadOnly: true})
	if err != nil {
		return err
	}
	rows, err := transaction.QueryContext(ctx, "select id, word, at from by_database_sql where id > $1 and word is not null order by id", 1)
	if err != nil {
		return err
	}
	for rows.Next() {
		var id int
		var word string
		var at time.Time
		if err := rows.Scan(&id, &word, &at); err != nil {
			return err
		}
		s.tell(id, word, at.Unix())
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		return err
	}
	_, err = transaction.ExecContext(ctx, "delete from by_database_sql where id = $1", 1)
	s.tell(sqlState(err))
	if err := transaction.Rollback(); err != nil {
		return err
	}
	result, err := db.ExecContext(ctx, "update by_database_sql set word = $1 where id < $2", "x", 3)
	if err != nil {
		return err
	}
	changed, err := result.RowsAffected()
	s.tell(changed, err)
	short, cancel := context.WithTimeout(ctx, 200*time.Millisecond)
	defer cancel()
	_, err = db.ExecContext(short, "select pg_sleep(30)")
	s.tell("cancelled:", err != nil)
	_, err = db.ExecContext(ctx, "drop table by_database_sql")
	return errors.Join(err, db.PingContext(ctx))
}

func pqCopy(ctx context.Context, s session) error {
	return pqOpen(s, "", func(db *sql.DB) error {
		if _, err := db.Exec("drop table if exists copied_by_pq; create table copied_by_pq (id int, word text, list int[])"); err != nil {
			return err
		}
		transaction, err := db.BeginTx(ctx, nil)
		if err != nil {
			return err
		}
		statement, err := transaction.Prepare(pq.CopyIn("copied_by_pq", "id", "word", "list"))
		if err != nil {
			return err
		}
		for i := range 5_000 {
			if _, err := statement.Exec(i, fmt.Sprintf("tab\tand \\ %d", i), pq.Array([]int{i, i})); err != nil {
				return err
			}
		}
		if _, err := statement.Exec(); err != nil {
			return err
		}
		if err := errors.Join(statement.Close(), transaction.Commit()); err != nil {
			return err
		}
		var count, sum int
		var list pq.Int64Array
		if err := db.QueryRow("select count(*), sum(list[2]), max(list) from copied_by_pq where word like E'tab\\tand%'").Scan(&count, &sum, &list); err != nil {
			return err
		}
		s.tell(count, sum, list)
		_, err = db.Exec("drop table copied_by_pq")
		return err
	})
}

func pqListener(ctx context.Context, s session) error {
	listener := pq.NewListener(s.url, time.Second, 5*time.Second, func(event pq.ListenerEventType, err error) {
		if err != nil {
			s.tell("event", event, err)
		}
	})
	defer listener.Close()
	if err := listener.Listen("some news"); err != nil {
		return err
	}
	if err := listener.Ping(); err != nil {
		return err
	}
	return pqOpen(s, "", func(db *sql.DB) error {
		if _, err := db.Exec("notify \"some news\", 'it''s new'"); err != nil {
			return err
		}
		select {
		case notification := <-listener.Notify:
			s.tell(notification.Channel, notification.Extra)
		case <-time.After(20 * time.Second):
			return errors.New("no notification within 20 s")
		}
		return listener.UnlistenAll()
	})
}

func pqErrors(ctx context.Context, s session) error {
	config, err := pq.NewConfig(s.url)
	if err != nil {
		return err
	}
	connector, err := pq.NewConnectorConfig(config)
	if err != nil {
		return err
	}
	notices := pq.ConnectorWithNoticeHandler(connector, func(notice *pq.Error) { s.tell("notice", notice.Code, notice.Message) })
	db := sql.OpenDB(notices)
	defer db.Close()
	if _, err := db.ExecContext(ctx, "drop table if exists never_was; create temp table checked (id int primary key, n int constraint above_zero check (n > 0))"); err != nil {
		return err
	}
	for _, wrong := range []string{"insert into checked values (1, -1)", "selec 1", "select * from no_such_relation", "insert into checked values (null, 1)"} {
		_, err := db.ExecContext(ctx, wrong)
		var detail *pq.Error
		if !errors.As(err, &detail) {
			return fmt.Errorf("%s: %w", wrong, err)
		}
		s.tell(detail.Code, detail.Severity, detail.Table, detail.Column, detail.Constraint)
	}
	return nil
}

func pqSettings(ctx context.Context, s session) error {
	return pqOpen(s, "application_name=a%20program&connect_timeout=10&statement_timeout=9000&fallback_application_name=x&extra_float_digits=2&datestyle=ISO,%20MDY&timezone=UTC", func(db *sql.DB) error {
		for _, setting := range []string{"statement_timeout", "extra_float_digits", "datestyle", "client_encoding"} {
			var value string
			if err := db.QueryRowContext(ctx, "select current_setting($1)", setting).Scan(&value); err != nil {
				return err
			}
			s.tell(value)
		}
		return nil
	})
}
