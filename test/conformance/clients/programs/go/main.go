// Command clients does what Go programs do with pgx and lib/pq, and tells it on standard output: one part a case, so that a run
// through hoop can be held to a direct one.
//
// Usage: clients HOST PORT USER PASSWORD DATABASE [CASE…]
package main

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/lib/pq"
)

// A session is what a case gets: where to connect to, and where to tell what it sees.
type session struct {
	url string
	out *strings.Builder
}

func (s session) tell(values ...any) { fmt.Fprintln(s.out, values...) }

// with is the connection string with a driver's own settings.
func (s session) with(settings string) string {
	separator := "?"
	if strings.Contains(s.url, "?") {
		separator = "&"
	}
	return s.url + separator + settings
}

type namedCase struct {
	name string
	run  func(context.Context, session) error
}

const timePerCase = 60 * time.Second

func main() {
	arguments := os.Args[1:]
	address := url.URL{Scheme: "postgres", Host: arguments[0] + ":" + arguments[1], User: url.UserPassword(arguments[2], arguments[3]), Path: arguments[4]}
	address.RawQuery = "sslmode=disable"
	wanted := arguments[5:]
	for _, each := range slices.Concat(pgxCases(), pqCases()) {
		if len(wanted) > 0 && !slices.Contains(wanted, each.name) {
			continue
		}
		s := session{url: address.String(), out: &strings.Builder{}}
		ended := make(chan error, 1)
		ctx, cancel := context.WithTimeout(context.Background(), timePerCase)
		go func() { ended <- each.run(ctx, s) }()
		fmt.Println("##", each.name)
		select {
		case err := <-ended:
			fmt.Print(s.out.String())
			if err != nil {
				fmt.Println("FAILED", words(err))
			}
		case <-time.After(timePerCase + 5*time.Second):
			fmt.Println("FAILED no end within", timePerCase)
		}
		cancel()
	}
}

// words tells an error with its SQLSTATE.
func words(err error) string {
	return fmt.Sprintf("%s %v", sqlState(err), err)
}

func sqlState(err error) string {
	var pgxError *pgconn.PgError
	var pqError *pq.Error
	switch {
	case err == nil:
		return "no error"
	case errors.As(err, &pgxError):
		return pgxError.Code
	case errors.As(err, &pqError):
		return string(pqError.Code)
	default:
		return "no SQLSTATE"
	}
}

// tellRows tells all rows of a pgx query.
func (s session) tellRows(rows pgx.Rows, err error) error {
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		values, err := rows.Values()
		if err != nil {
			return err
		}
		s.tell(values...)
	}
	return rows.Err()
}
