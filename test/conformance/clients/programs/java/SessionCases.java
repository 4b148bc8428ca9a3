import java.io.PrintStream;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.Savepoint;
import java.sql.Statement;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import javax.sql.PooledConnection;
import javax.sql.XAConnection;
import javax.transaction.xa.XAResource;
import javax.transaction.xa.Xid;
import org.postgresql.PGConnection;
import org.postgresql.PGNotification;
import org.postgresql.ds.PGConnectionPoolDataSource;
import org.postgresql.ds.common.BaseDataSource;
import org.postgresql.xa.PGXADataSource;

/** Sessions: settings, transactions, notifications, cancelling, pools. */
final class SessionCases {
  static void addTo(Map<String, Cases.Case> cases) {
    cases.put("cancel and timeout", SessionCases::cancel);
    cases.put("savepoints", SessionCases::savepoints);
    cases.put("autosave", SessionCases::autosave);
    cases.put("isolation and read only", SessionCases::isolation);
    cases.put("application name", SessionCases::applicationName);
    cases.put("current schema", SessionCases::currentSchema);
    cases.put("options", SessionCases::options);
    cases.put("notifications", SessionCases::notifications);
    cases.put("two-phase commit", SessionCases::twoPhase);
    cases.put("pools", SessionCases::pools);
  }

  private static void cancel(Cases.Target target, PrintStream out) throws Exception {
    try (Connection connection = target.open(); Connection other = target.open(); Statement sleeping = connection.createStatement()) {
      int pid = connection.unwrap(PGConnection.class).getBackendPID();
      String own;
      try (ResultSet rows = sleeping.executeQuery("select pg_backend_pid()")) {
        rows.next();
        own = rows.getString(1);
      }
      out.println("a key: " + (pid != 0));
      CompletableFuture<String> ended = CompletableFuture.supplyAsync(() -> {
        try {
          sleeping.execute("select pg_sleep(30)");
          return "slept on";
        } catch (java.sql.SQLException error) {
          return error.getSQLState();
        }
      });
      try (PreparedStatement look = other.prepareStatement("select 1 from pg_stat_activity where pid = ? and wait_event = 'PgSleep'")) {
        look.setInt(1, Integer.parseInt(own));
        while (!look.executeQuery().next() && !ended.isDone()) Thread.onSpinWait();
      }
      sleeping.cancel();
      out.println(ended.get(20, TimeUnit.SECONDS));
      Cases.rows(out, connection, "select 'it goes on'");
      try (PreparedStatement timed = connection.prepareStatement("select pg_sleep(?)")) {
        timed.setQueryTimeout(1);
        timed.setDouble(1, 30);
        Cases.expectError(out, timed::executeQuery);
      }
      Cases.rows(out, connection, "select 'it goes on'");
      connection.setNetworkTimeout(Runnable::run, 500);
      Cases.expectError(out, () -> Cases.execute(connection, "select pg_sleep(30)"));
      out.println(connection.isValid(5) + " " + other.isValid(5));
    } catch (ExecutionException error) {
      throw new Exception(error.getCause());
    }
  }

  private static void savepoints(Cases.Target target, PrintStream out) throws Exception {
    try (Connection connection = target.open()) {
      Cases.execute(connection, "drop table if exists saved", "create table saved (id int primary key)");
      connection.setAutoCommit(false);
      Cases.execute(connection, "insert into saved values (1)");
      Savepoint unnamed = connection.setSavepoint();
      Cases.execute(connection, "insert into saved values (2)");
      Savepoint named = connection.setSavepoint("a \"quoted\" name");
      Cases.expectError(out, () -> Cases.execute(connection, "insert into saved values (2)"));
      connection.rollback(named);
      Cases.execute(connection, "insert into saved values (3)");
      connection.releaseSavepoint(named);
      connection.rollback(unnamed);
      Cases.execute(connection, "insert into saved values (4)");
      connection.commit();
      Cases.rows(out, connection, "select * from saved order by id");
      Cases.execute(connection, "drop table saved");
      connection.commit();
    }
  }

  private static void autosave(Cases.Target target, PrintStream out) throws Exception {
    for (String mode : new String[] {"always", "conservative"}) {
      try (Connection connection = target.open("autosave", mode, "cleanupSavepoints", "true", "prepareThreshold", "1")) {
        Cases.execute(connection, "drop table if exists autosaved", "create table autosaved (id int primary key)");
        connection.setAutoCommit(false);
        Cases.execute(connection, "insert into autosaved values (1)");
        Cases.expectError(out, () -> Cases.execute(connection, "insert into autosaved values (1)"));
        if (mode.equals("always")) Cases.execute(connection, "insert into autosaved values (2)");
        connection.commit();
        Cases.rows(out, connection, "select count(*) from autosaved");
        Cases.execute(connection, "drop table autosaved");
        connection.commit();
      }
    }
  }

  private static void isolation(Cases.Target target, PrintStream out) throws Exception {
    try (Connection connection = target.open()) {
      for (int level : new int[] {Connection.TRANSACTION_READ_UNCOMMITTED, Connection.TRANSACTION_READ_COMMITTED, Connection.TRANSACTION_REPEATABLE_READ, Connection.TRANSACTION_SERIALIZABLE}) {
        connection.setTransactionIsolation(level);
        out.println(connection.getTransactionIsolation() == level);
        Cases.rows(out, connection, "show transaction_isolation");
      }
      connection.setReadOnly(true);
      connection.setAutoCommit(false);
      Cases.expectError(out, () -> Cases.execute(connection, "create table not_made (id int)"));
      connection.rollback();
      connection.setReadOnly(false);
      Cases.execute(connection, "set transaction isolation level serializable, read only, deferrable");
      Cases.rows(out, connection, "show transaction_read_only");
      connection.rollback();
    }
    for (String mode : new String[] {"ignore", "transaction", "always"}) {
      try (Connection connection = target.open("readOnly", "true", "readOnlyMode", mode)) {
        connection.setAutoCommit(false);
        Cases.rows(out, connection, "show transaction_read_only");
        connection.rollback();
        connection.setAutoCommit(true);
        Cases.rows(out, connection, "show transaction_read_only");
      }
    }
  }

  private static void applicationName(Cases.Target target, PrintStream out) throws Exception {
    // Old servers do not know the name in the startup packet: without a version to assume, the driver sets it after the login.
    for (String version : new String[] {"8.0", "9.0", "18"}) {
      try (Connection connection = target.open("ApplicationName", "a program's name", "assumeMinServerVersion", version)) {
        // hoop writes who it is before each name.
        Cases.rows(out, connection, "select right(current_setting('application_name'), 16)");
        connection.setClientInfo("ApplicationName", "another name");
        Cases.rows(out, connection, "select right(current_setting('application_name'), 12)");
        out.println(connection.getClientInfo("ApplicationName").endsWith("another name"));
      }
    }
  }

  private static void currentSchema(Cases.Target target, PrintStream out) throws Exception {
    try (Connection connection = target.open()) {
      Cases.execute(connection, "drop schema if exists elsewhere cascade", "create schema elsewhere", "create table elsewhere.things (id int)", "insert into elsewhere.things values (5)");
    }
    try (Connection connection = target.open("currentSchema", "elsewhere,public")) {
      out.println(connection.getSchema());
      Cases.rows(out, connection, "select * from things");
      Cases.rows(out, connection, "show search_path");
      connection.setSchema("public");
      out.println(connection.getSchema());
      Cases.expectError(out, () -> Cases.execute(connection, "select * from things"));
      connection.setSchema("elsewhere");
      Cases.rows(out, connection, "select * from things");
    }
    try (Connection connection = target.open()) {
      Cases.execute(connection, "set search_path to elsewhere");
      Cases.rows(out, connection, "select * from things");
      Cases.execute(connection, "drop schema elsewhere cascade");
    }
  }

  private static void options(Cases.Target target, PrintStream out) throws Exception {
    try (Connection connection = target.open("options", "-c statement_timeout=9000 -c application_name=spaces\\ in\\ it --lock-timeout=5000", "connectTimeout", "20", "loginTimeout", "20",
        "socketTimeout", "20", "tcpKeepAlive", "true", "gssEncMode", "prefer", "sslmode", "prefer", "hostRecheckSeconds", "1", "targetServerType", "primary", "stringtype", "unspecified")) {
      for (String setting : new String[] {"statement_timeout", "lock_timeout", "extra_float_digits", "DateStyle", "client_encoding", "standard_conforming_strings"}) Cases.rows(out, connection, "show " + setting);
      try (PreparedStatement statement = connection.prepareStatement("select ? = date '2026-01-01'")) {
        statement.setString(1, "2026-01-01");
        Cases.rows(out, statement.executeQuery());
      }
      out.println(connection.unwrap(PGConnection.class).getParameterStatus("TimeZone").equals(java.util.TimeZone.getDefault().getID()));
    }
  }

  private static void notifications(Cases.Target target, PrintStream out) throws Exception {
    try (Connection listening = target.open(); Connection telling = target.open()) {
      Cases.execute(listening, "listen news", "listen \"Other News\"");
      Cases.execute(telling, "notify news, 'first'", "notify \"Other News\"", "select pg_notify('news', 'it''s the second')");
      PGConnection postgres = listening.unwrap(PGConnection.class);
      int seen = 0;
      while (seen < 3) {
        PGNotification[] notifications = postgres.getNotifications(20_000);
        if (notifications == null || notifications.length == 0) throw new Exception("no notification within 20 s");
        for (PGNotification each : notifications) out.println(each.getName() + ": " + each.getParameter());
        seen += notifications.length;
      }
      Cases.execute(listening, "notify news, 'to myself'");
      for (PGNotification each : postgres.getNotifications()) out.println(each.getName() + ": " + each.getParameter());
      Cases.execute(listening, "unlisten news", "unlisten *");
      Cases.execute(telling, "notify news, 'to nobody'");
      Cases.execute(listening, "select 1");
      out.println(postgres.getNotifications().length);
    }
  }

  private static <Source extends BaseDataSource> Source source(Source source, Cases.Target target) {
    source.setServerNames(new String[] {target.host()});
    source.setPortNumbers(new int[] {target.port()});
    source.setDatabaseName(target.database());
    source.setUser(target.user());
    source.setPassword(target.password());
    return source;
  }

  private record Transaction(byte[] getGlobalTransactionId) implements Xid {
    public int getFormatId() {
      return 1;
    }

    public byte[] getBranchQualifier() {
      return new byte[] {1};
    }
  }

  private static void twoPhase(Cases.Target target, PrintStream out) throws Exception {
    try (Connection connection = target.open()) {
      Cases.execute(connection, "drop table if exists prepared_things", "create table prepared_things (id int)");
    }
    XAConnection connection = source(new PGXADataSource(), target).getXAConnection();
    try {
      XAResource resource = connection.getXAResource();
      Xid[] transactions = {new Transaction(new byte[] {1}), new Transaction(new byte[] {2}), new Transaction(new byte[] {3})};
      for (int i = 0; i < transactions.length; i++) {
        resource.start(transactions[i], XAResource.TMNOFLAGS);
        Cases.execute(connection.getConnection(), "insert into prepared_things values (" + i + ")");
        resource.end(transactions[i], XAResource.TMSUCCESS);
        if (i > 0) out.println(resource.prepare(transactions[i]) == XAResource.XA_OK);
        else resource.commit(transactions[i], true);
      }
      out.println(resource.recover(XAResource.TMSTARTRSCAN).length);
      resource.commit(transactions[1], false);
      resource.rollback(transactions[2]);
      Cases.rows(out, connection.getConnection(), "select * from prepared_things order by id");
    } finally {
      connection.close();
    }
    try (Connection last = target.open()) {
      Cases.execute(last, "drop table prepared_things");
    }
  }

  private static void pools(Cases.Target target, PrintStream out) throws Exception {
    PooledConnection pooled = source(new PGConnectionPoolDataSource(), target).getPooledConnection();
    try {
      for (int time = 0; time < 2; time++) {
        try (Connection connection = pooled.getConnection()) {
          out.println(connection.isValid(5));
          Cases.rows(out, connection, "show statement_timeout");
          // What HikariCP, pgbouncer and others send between two users of a connection.
          Cases.execute(connection, "set statement_timeout = '7s'", "reset all", "discard all", "set session authorization default", "reset role", "close all");
        }
      }
    } finally {
      pooled.close();
    }
    try (Connection connection = target.open()) {
      connection.abort(Runnable::run);
      out.println(connection.isClosed());
    }
  }

  private SessionCases() {}
}
