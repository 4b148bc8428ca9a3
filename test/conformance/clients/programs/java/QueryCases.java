import java.io.PrintStream;
import java.math.BigDecimal;
import java.sql.Array;
import java.sql.CallableStatement;
import java.sql.Connection;
import java.sql.ParameterMetaData;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.ResultSetMetaData;
import java.sql.Statement;
import java.sql.Types;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.Arrays;
import java.util.Map;
import java.util.UUID;
import org.postgresql.PGStatement;
import org.postgresql.util.PGInterval;
import org.postgresql.util.PGobject;

/** Statements, their parameters and results. */
final class QueryCases {
  static void addTo(Map<String, Cases.Case> cases) {
    for (String mode : new String[] {"simple", "extended", "extendedForPrepared", "extendedCacheEverything"}) {
      cases.put("preferQueryMode=" + mode, (target, out) -> queryMode(target, out, mode));
    }
    cases.put("prepareThreshold", QueryCases::prepareThreshold);
    cases.put("types as text", (target, out) -> types(target, out, "binaryTransfer", "false", "prepareThreshold", "0"));
    cases.put("types in binary", (target, out) -> types(target, out, "binaryTransfer", "true", "prepareThreshold", "-1"));
    cases.put("fetch size", QueryCases::fetchSize);
    cases.put("arrays", QueryCases::arrays);
    cases.put("generated keys", QueryCases::generatedKeys);
    cases.put("updatable result sets", QueryCases::updatable);
    cases.put("callable statements", QueryCases::callable);
    cases.put("cursors of functions", QueryCases::refcursors);
    cases.put("descriptions", QueryCases::descriptions);
    cases.put("errors and warnings", QueryCases::errors);
  }

  private static void queryMode(Cases.Target target, PrintStream out, String mode) throws Exception {
    try (Connection connection = target.open("preferQueryMode", mode, "prepareThreshold", "3")) {
      Cases.execute(connection, "drop table if exists modes", "create table modes (id int primary key, word text)");
      try (Statement statement = connection.createStatement()) {
        boolean isRows = statement.execute("insert into modes values (1, 'one'), (2, 'it''s'); select * from modes order by id; select 7 as seven");
        do {
          if (isRows) Cases.rows(out, statement.getResultSet());
          else out.println("changed " + statement.getUpdateCount());
          isRows = statement.getMoreResults();
        } while (isRows || statement.getUpdateCount() != -1);
        out.println("nothing: " + statement.execute("") + " " + statement.execute("-- a comment") + " " + statement.execute(";;"));
      }
      try (PreparedStatement insert = connection.prepareStatement("insert into modes values (?, ?)")) {
        for (int i = 10; i < 17; i++) {
          insert.setInt(1, i);
          insert.setString(2, i % 2 == 0 ? null : "it's \\ number " + i);
          out.println("inserted " + insert.executeUpdate());
        }
      }
      try (PreparedStatement select = connection.prepareStatement("select word, id + ? from modes where id between ? and ? order by id")) {
        for (int i = 10; i < 15; i++) {
          select.setLong(1, i * 1_000_000_000L);
          select.setInt(2, i);
          select.setInt(3, i + 1);
          Cases.rows(out, select.executeQuery());
        }
      }
      connection.setAutoCommit(false);
      Cases.execute(connection, "update modes set word = 'gone'");
      connection.rollback();
      Cases.rows(out, connection, "select count(*) from modes where word = 'gone'");
      Cases.expectError(out, () -> Cases.execute(connection, "select 1 / 0"));
      Cases.expectError(out, () -> Cases.execute(connection, "select 1"));
      connection.rollback();
      connection.setAutoCommit(true);
      // The columns of a statement that the server has prepared change under it.
      try (PreparedStatement all = connection.prepareStatement("select * from modes where id = 1")) {
        for (int i = 0; i < 5; i++) Cases.rows(out, all.executeQuery());
        Cases.execute(connection, "alter table modes add column more int default 5");
        Cases.rows(out, all.executeQuery());
      }
      Cases.execute(connection, "drop table modes");
    }
  }

  private static void prepareThreshold(Cases.Target target, PrintStream out) throws Exception {
    try (Connection connection = target.open("prepareThreshold", "2")) {
      try (PreparedStatement statement = connection.prepareStatement("select ?::int + 1")) {
        for (int i = 0; i < 4; i++) {
          statement.setInt(1, i);
          Cases.rows(out, statement.executeQuery());
          out.println("prepared on the server: " + statement.unwrap(PGStatement.class).isUseServerPrepare());
        }
        Cases.rows(out, connection, "select name, statement from pg_prepared_statements order by 1");
      }
      Cases.execute(connection, "deallocate all");
      try (PreparedStatement statement = connection.prepareStatement("select ?::int + 1")) {
        statement.setInt(1, 41);
        Cases.rows(out, statement.executeQuery());
        Cases.rows(out, statement.executeQuery());
      }
    }
    try (Connection connection = target.open("prepareThreshold", "1", "preparedStatementCacheQueries", "2")) {
      for (int i = 0; i < 6; i++) {
        try (PreparedStatement statement = connection.prepareStatement("select " + i + " + ?")) {
          statement.setInt(1, i);
          Cases.rows(out, statement.executeQuery());
        }
      }
      Cases.rows(out, connection, "select count(*) < 6 from pg_prepared_statements");
    }
  }

  private static void types(Cases.Target target, PrintStream out, String... settings) throws Exception {
    try (Connection connection = target.open(settings)) {
      Cases.execute(connection, "drop table if exists every_type", "drop type if exists shade", "create type shade as enum ('dark', 'light')",
          "create table every_type (a int2, b int4, c int8, d numeric, e float4, f float8, g bool, h text, i varchar(9), j char(5), k bytea, l date,"
          + " m time, n timetz, o timestamp, p timestamptz, q interval, r uuid, s json, t jsonb, u xml, v inet, w point, x bit(3), y money, z shade,"
          + " aa int4[], bb text[], cc int4range, dd oid, ee name)");
      String insert = "insert into every_type values (" + "?,".repeat(25) + "?::shade,?,?,?::int4range,?,?)";
      try (PreparedStatement statement = connection.prepareStatement(insert)) {
        statement.setShort(1, (short) -7);
        statement.setInt(2, Integer.MIN_VALUE);
        statement.setLong(3, Long.MAX_VALUE);
        statement.setBigDecimal(4, new BigDecimal("-12345678901234567890.000123"));
        statement.setFloat(5, 1.5f);
        statement.setDouble(6, Math.PI);
        statement.setBoolean(7, true);
        statement.setString(8, "words, 'quoted' and \u00e9\ud83d\ude00");
        statement.setString(9, "nine");
        statement.setString(10, "abc");
        statement.setBytes(11, new byte[] {0, 1, -1, 92, 39});
        statement.setObject(12, LocalDate.of(2026, 2, 28));
        statement.setObject(13, java.time.LocalTime.of(23, 59, 59, 123_000_000));
        statement.setObject(14, java.time.OffsetTime.of(1, 2, 3, 0, ZoneOffset.ofHours(-5)));
        statement.setObject(15, LocalDateTime.of(1969, 12, 31, 23, 59, 59, 999_999_000));
        statement.setObject(16, OffsetDateTime.of(2026, 7, 1, 12, 0, 0, 0, ZoneOffset.ofHours(2)));
        statement.setObject(17, new PGInterval(1, 2, 3, 4, 5, 6.5));
        statement.setObject(18, UUID.fromString("00112233-4455-6677-8899-aabbccddeeff"));
        statement.setObject(19, object("json", "{\"a\": [1, null]}"));
        statement.setObject(20, object("jsonb", "{\"b\": {\"c\": 2}}"));
        java.sql.SQLXML xml = connection.createSQLXML();
        xml.setString("<a>b</a>");
        statement.setSQLXML(21, xml);
        statement.setObject(22, object("inet", "10.1.2.0/24"));
        statement.setObject(23, new org.postgresql.geometric.PGpoint(1.5, -2));
        statement.setObject(24, object("bit", "101"));
        statement.setObject(25, object("money", "$12.34"));
        statement.setString(26, "light");
        statement.setArray(27, connection.createArrayOf("int4", new Integer[] {1, null, 3}));
        statement.setArray(28, connection.createArrayOf("text", new String[] {"a,b", "\"q\"", null, ""}));
        statement.setString(29, "[1,5)");
        statement.setLong(30, 4_294_967_295L);
        statement.setString(31, "a_name");
        out.println("inserted " + statement.executeUpdate());
        for (int i = 1; i <= 31; i++) statement.setNull(i, Types.NULL);
        out.println("inserted " + statement.executeUpdate());
      }
      try (PreparedStatement statement = connection.prepareStatement("select * from every_type")) {
        for (int time = 0; time < 2; time++) {
          ResultSet rows = statement.executeQuery();
          while (rows.next()) {
            for (int column = 1; column <= 31; column++) {
              Object value = rows.getObject(column);
              String shown = value instanceof byte[] bytes ? Arrays.toString(bytes) : value instanceof java.sql.SQLXML x ? x.getString() : String.valueOf(value);
              out.println(rows.getMetaData().getColumnTypeName(column) + " " + (value == null || value instanceof java.sql.SQLXML ? "" : value.getClass().getName() + " ") + shown);
            }
          }
        }
      }
      Cases.execute(connection, "drop table every_type", "drop type shade");
    }
  }

  private static PGobject object(String type, String value) throws Exception {
    PGobject object = new PGobject();
    object.setType(type);
    object.setValue(value);
    return object;
  }

  private static void fetchSize(Cases.Target target, PrintStream out) throws Exception {
    try (Connection connection = target.open("defaultRowFetchSize", "0")) {
      connection.setAutoCommit(false);
      try (Statement one = connection.createStatement(); PreparedStatement other = connection.prepareStatement("select n, repeat('x', n) from generate_series(1, ?) n")) {
        one.setFetchSize(7);
        other.setFetchSize(3);
        other.setInt(1, 20);
        ResultSet rows = one.executeQuery("select n from generate_series(1, 100) n");
        ResultSet others = other.executeQuery();
        int sum = 0;
        int length = 0;
        while (rows.next()) {
          sum += rows.getInt(1);
          if (others.next()) length += others.getString(2).length();
        }
        out.println(sum + " " + length);
        ResultSet early = one.executeQuery("select n from generate_series(1, 1000) n");
        early.next();
        early.close();
        one.setMaxRows(5);
        Cases.rows(out, one.executeQuery("select n from generate_series(1, 1000) n"));
      }
      try (Statement scrolling = connection.createStatement(ResultSet.TYPE_SCROLL_INSENSITIVE, ResultSet.CONCUR_READ_ONLY)) {
        ResultSet rows = scrolling.executeQuery("select n from generate_series(1, 10) n");
        rows.absolute(-2);
        out.println(rows.getInt(1) + " " + rows.previous() + " " + rows.getInt(1) + " " + rows.last() + " " + rows.getRow());
      }
      connection.commit();
      Cases.rows(out, connection, "select count(*) from pg_cursors");
      connection.rollback();
    }
    // The driver grows and shrinks the number of rows that it asks for.
    try (Connection connection = target.open("adaptiveFetch", "true", "maxResultBuffer", "9M", "defaultRowFetchSize", "2")) {
      connection.setAutoCommit(false);
      try (Statement statement = connection.createStatement(); ResultSet rows = statement.executeQuery("select n, repeat('y', 1000) from generate_series(1, 5000) n")) {
        int seen = 0;
        while (rows.next()) seen++;
        out.println(seen);
      }
    }
  }

  private static void arrays(Cases.Target target, PrintStream out) throws Exception {
    try (Connection connection = target.open()) {
      try (PreparedStatement statement = connection.prepareStatement("select n from generate_series(1, 9) n where n = any (?) order by n")) {
        for (int i = 0; i < 7; i++) {
          statement.setArray(1, connection.createArrayOf("integer", new Object[] {i, i + 1, null}));
          Cases.rows(out, statement.executeQuery());
        }
      }
      try (Statement statement = connection.createStatement();
          ResultSet rows = statement.executeQuery("select '{{1,2},{3,4}}'::int[], array['a', null, '{\"x\"}'], '[5:6]={7,8}'::bigint[], array[row(1, 'x')]::text[]")) {
        rows.next();
        for (int column = 1; column <= 4; column++) {
          Array array = rows.getArray(column);
          out.println(array.getBaseTypeName() + " " + Arrays.deepToString((Object[]) array.getArray()));
          Cases.rows(out, array.getResultSet());
        }
      }
    }
  }

  private static void generatedKeys(Cases.Target target, PrintStream out) throws Exception {
    try (Connection connection = target.open()) {
      Cases.execute(connection, "drop table if exists keys", "create table keys (id int generated always as identity, word text, at date default '2026-01-01')");
      try (Statement statement = connection.createStatement()) {
        statement.executeUpdate("insert into keys (word) values ('a'), ('b')", Statement.RETURN_GENERATED_KEYS);
        Cases.rows(out, statement.getGeneratedKeys());
      }
      try (PreparedStatement statement = connection.prepareStatement("insert into keys (word) values (?)", new String[] {"id", "at"})) {
        for (String word : new String[] {"c", "d", "e"}) {
          statement.setString(1, word);
          statement.addBatch();
        }
        out.println(Arrays.toString(statement.executeBatch()));
        Cases.rows(out, statement.getGeneratedKeys());
      }
      try (PreparedStatement statement = connection.prepareStatement("update keys set word = upper(word) where id > ?", Statement.RETURN_GENERATED_KEYS)) {
        statement.setInt(1, 3);
        out.println(statement.executeUpdate());
        Cases.rows(out, statement.getGeneratedKeys());
      }
      Cases.execute(connection, "drop table keys");
    }
  }

  private static void updatable(Cases.Target target, PrintStream out) throws Exception {
    try (Connection connection = target.open()) {
      Cases.execute(connection, "drop table if exists editable", "create table editable (id int primary key, word text, number numeric)",
          "insert into editable select n, 'word ' || n, n / 2.0 from generate_series(1, 5) n");
      try (Statement statement = connection.createStatement(ResultSet.TYPE_SCROLL_INSENSITIVE, ResultSet.CONCUR_UPDATABLE);
          ResultSet rows = statement.executeQuery("select id, word, number from editable order by id")) {
        rows.next();
        rows.updateString("word", "changed");
        rows.updateRow();
        rows.next();
        rows.deleteRow();
        rows.moveToInsertRow();
        rows.updateInt("id", 99);
        rows.updateString("word", "new");
        rows.updateNull("number");
        rows.insertRow();
        rows.absolute(3);
        Cases.execute(connection, "update editable set word = 'by another' where id = " + rows.getInt("id"));
        rows.refreshRow();
        out.println(rows.getString("word"));
      }
      Cases.rows(out, connection, "select * from editable order by id");
      Cases.execute(connection, "drop table editable");
    }
  }

  private static void callable(Cases.Target target, PrintStream out) throws Exception {
    try (Connection connection = target.open("escapeSyntaxCallMode", "callIfNoReturn")) {
      Cases.execute(connection, "create or replace function doubled(n int) returns int language sql as 'select n * 2'",
          "create or replace procedure halved(inout n int, out remainder int) language plpgsql as 'begin remainder := n % 2; n := n / 2; end'");
      try (CallableStatement call = connection.prepareCall("{? = call lower(?)}")) {
        call.registerOutParameter(1, Types.VARCHAR);
        call.setString(2, "LOUD");
        call.execute();
        out.println(call.getString(1));
      }
      try (CallableStatement call = connection.prepareCall("{? = call doubled(?)}")) {
        call.registerOutParameter(1, Types.INTEGER);
        call.setInt(2, 21);
        call.execute();
        out.println(call.getInt(1));
      }
      try (CallableStatement call = connection.prepareCall("{call halved(?, ?)}")) {
        call.setInt(1, 43);
        call.registerOutParameter(1, Types.INTEGER);
        call.registerOutParameter(2, Types.INTEGER);
        call.execute();
        out.println(call.getInt(1) + " " + call.getInt(2));
      }
      // JDBC's escapes, which the driver writes as SQL of its own.
      Cases.rows(out, connection, "select {fn concat('a', {fn ucase('b')})}, {d '2026-01-02'}, {fn timestampdiff(SQL_TSI_DAY, {ts '2026-01-01 00:00:00'}, {ts '2026-01-03 00:00:00'})}");
      Cases.execute(connection, "drop function doubled", "drop procedure halved");
    }
  }

  private static void refcursors(Cases.Target target, PrintStream out) throws Exception {
    try (Connection connection = target.open()) {
      Cases.execute(connection, "create or replace function opened() returns refcursor language plpgsql as"
          + " 'declare c refcursor; begin open c for select n from generate_series(1, 5) n; return c; end'");
      connection.setAutoCommit(false);
      try (CallableStatement call = connection.prepareCall("{? = call opened()}")) {
        call.registerOutParameter(1, Types.REF_CURSOR);
        call.execute();
        Cases.rows(out, call.getObject(1, ResultSet.class));
      }
      connection.commit();
      connection.setAutoCommit(true);
      Cases.execute(connection, "drop function opened");
    }
  }

  private static void descriptions(Cases.Target target, PrintStream out) throws Exception {
    try (Connection connection = target.open()) {
      Cases.execute(connection, "drop table if exists described", "create table described (id serial primary key, word varchar(20) not null, amount numeric(8, 2))");
      try (PreparedStatement statement = connection.prepareStatement("select d.id, word as renamed, amount * ?, now() from described d where id = ? and word like ?")) {
        ParameterMetaData parameters = statement.getParameterMetaData();
        for (int i = 1; i <= parameters.getParameterCount(); i++) out.println(parameters.getParameterTypeName(i) + " " + parameters.getParameterClassName(i));
        ResultSetMetaData columns = statement.getMetaData();
        for (int i = 1; i <= columns.getColumnCount(); i++) {
          out.println(String.join(" ", columns.getColumnName(i), columns.getColumnLabel(i), columns.getTableName(i), columns.getSchemaName(i), columns.getColumnTypeName(i),
              "" + columns.getPrecision(i), "" + columns.getScale(i), "" + columns.isNullable(i), "" + columns.isAutoIncrement(i),
              columns.unwrap(org.postgresql.PGResultSetMetaData.class).getBaseColumnName(i), columns.unwrap(org.postgresql.PGResultSetMetaData.class).getBaseTableName(i)));
        }
      }
      Cases.execute(connection, "drop table described");
    }
  }

  private static void errors(Cases.Target target, PrintStream out) throws Exception {
    try (Connection connection = target.open("logServerErrorDetail", "true")) {
      Cases.execute(connection, "drop table if exists strict_one", "create table strict_one (id int primary key, positive int constraint above_zero check (positive > 0))",
          "insert into strict_one values (1, 1)");
      for (String wrong : new String[] {"insert into strict_one values (1, 1)", "insert into strict_one values (2, -1)", "insert into strict_one values (null, 1)",
          "select 'x'::int", "selec 1", "select * from no_such_relation"}) {
        try {
          Cases.execute(connection, wrong);
        } catch (org.postgresql.util.PSQLException error) {
          org.postgresql.util.ServerErrorMessage message = error.getServerErrorMessage();
          out.println(error.getSQLState() + " " + message.getTable() + " " + message.getColumn() + " " + message.getConstraint());
        }
      }
      try (Statement statement = connection.createStatement()) {
        statement.execute("drop table if exists never_was");
        out.println(statement.getWarnings());
        statement.setMaxRows(2);
        Cases.rows(out, statement.executeQuery("select generate_series(1, 9)"));
      }
      Cases.execute(connection, "drop table strict_one");
    }
  }

  private QueryCases() {}
}
