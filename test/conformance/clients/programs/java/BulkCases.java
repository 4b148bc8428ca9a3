import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.InputStream;
import java.io.PrintStream;
import java.io.StringReader;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.sql.BatchUpdateException;
import java.sql.Blob;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.Statement;
import java.util.Arrays;
import java.util.Map;
import org.postgresql.PGConnection;
import org.postgresql.copy.CopyIn;
import org.postgresql.copy.CopyManager;
import org.postgresql.copy.PGCopyOutputStream;
import org.postgresql.largeobject.LargeObject;
import org.postgresql.largeobject.LargeObjectManager;

/** Many values, and large ones. */
final class BulkCases {
  static void addTo(Map<String, Cases.Case> cases) {
    cases.put("batches", (target, out) -> batches(target, out, "false"));
    cases.put("batches, reWriteBatchedInserts", (target, out) -> batches(target, out, "true"));
    cases.put("COPY", BulkCases::copy);
    cases.put("large objects", BulkCases::largeObjects);
    cases.put("large values", BulkCases::largeValues);
  }

  private static void batches(Cases.Target target, PrintStream out, String rewrite) throws Exception {
    try (Connection connection = target.open("reWriteBatchedInserts", rewrite)) {
      Cases.execute(connection, "drop table if exists batched", "create table batched (id int primary key, word text)");
      try (Statement statement = connection.createStatement()) {
        statement.addBatch("insert into batched values (1, 'one')");
        statement.addBatch("update batched set word = 'eins' where id = 1");
        statement.addBatch("delete from batched where id = 7");
        out.println(Arrays.toString(statement.executeBatch()));
      }
      try (PreparedStatement insert = connection.prepareStatement("insert into batched values (?, ?)")) {
        for (int i = 100; i < 1_333; i++) {
          insert.setInt(1, i);
          insert.setString(2, i % 10 == 0 ? null : "word " + i);
          insert.addBatch();
        }
        int[] counts = insert.executeBatch();
        out.println(counts.length + " " + counts[0] + " " + counts[counts.length - 1]);
      }
      Cases.rows(out, connection, "select count(*), count(word), max(id) from batched");
      connection.setAutoCommit(false);
      try (PreparedStatement insert = connection.prepareStatement("insert into batched values (?, 'x')")) {
        for (int id : new int[] {5000, 5001, 100, 5002}) {
          insert.setInt(1, id);
          insert.addBatch();
        }
        insert.executeBatch();
      } catch (BatchUpdateException error) {
        out.println(error.getSQLState() + " " + Arrays.toString(error.getUpdateCounts()));
      }
      connection.rollback();
      Cases.rows(out, connection, "select count(*) from batched where id >= 5000");
      connection.rollback();
      connection.setAutoCommit(true);
      Cases.execute(connection, "drop table batched");
    }
  }

  private static void copy(Cases.Target target, PrintStream out) throws Exception {
    try (Connection connection = target.open()) {
      Cases.execute(connection, "drop table if exists copied", "create table copied (id int, word text)");
      PGConnection postgres = connection.unwrap(PGConnection.class);
      CopyManager manager = postgres.getCopyAPI();
      out.println(manager.copyIn("copy copied from stdin", new StringReader("1\tone\n2\t\\N\n3\ta\\tb\n")));
      out.println(manager.copyIn("copy copied from stdin (format csv, header)", new ByteArrayInputStream("id,word\n4,\"a \"\"b\"\"\"\n".getBytes(StandardCharsets.UTF_8))));
      StringWriter text = new StringWriter();
      out.println(manager.copyOut("copy (select * from copied order by id) to stdout", text) + " " + text.toString().replace("\n", "/"));
      ByteArrayOutputStream binary = new ByteArrayOutputStream();
      out.println(manager.copyOut("copy copied to stdout (format binary)", binary) + " " + binary.size());
      try (PGCopyOutputStream stream = new PGCopyOutputStream(postgres, "copy copied from stdin (format binary)")) {
        stream.write(binary.toByteArray());
      }
      StringBuilder many = new StringBuilder();
      for (int i = 0; i < 50_000; i++) many.append(i).append("\tword number ").append(i).append('\n');
      out.println(manager.copyIn("copy copied from stdin", new StringReader(many.toString())));
      Cases.rows(out, connection, "select count(*), sum(id), count(distinct word) from copied");
      CopyIn left = manager.copyIn("copy copied from stdin");
      byte[] row = "9\tnine\n".getBytes(StandardCharsets.UTF_8);
      left.writeToCopy(row, 0, row.length);
      left.cancelCopy();
      out.println("active: " + left.isActive());
      Cases.expectError(out, () -> manager.copyIn("copy copied from stdin", new StringReader("not a number\tx\n")));
      Cases.expectError(out, () -> manager.copyIn("copy no_such_relation from stdin", new StringReader("")));
      Cases.rows(out, connection, "select count(*) from copied");
      Cases.execute(connection, "drop table copied");
    }
  }

  private static void largeObjects(Cases.Target target, PrintStream out) throws Exception {
    try (Connection connection = target.open()) {
      connection.setAutoCommit(false);
      LargeObjectManager manager = connection.unwrap(PGConnection.class).getLargeObjectAPI();
      long oid = manager.createLO(LargeObjectManager.READWRITE);
      byte[] content = new byte[300_000];
      for (int i = 0; i < content.length; i++) content[i] = (byte) (i % 251);
      try (LargeObject object = manager.open(oid, LargeObjectManager.READWRITE)) {
        object.write(content);
        out.println(object.size() + " " + object.tell() + " " + object.size64());
        object.seek(-10, LargeObject.SEEK_END);
        out.println(Arrays.toString(object.read(20)));
        object.seek64(100_000, LargeObject.SEEK_SET);
        out.println(object.tell64() + " " + Arrays.toString(object.read(3)));
        object.truncate64(1_000);
        out.println(object.size());
      }
      connection.commit();
      try (LargeObject object = manager.open(oid, LargeObjectManager.READ); InputStream stream = object.getInputStream()) {
        int sum = 0;
        for (int each = stream.read(); each >= 0; each = stream.read()) sum += each;
        out.println(sum);
      }
      manager.delete(oid);
      connection.commit();
      Cases.expectError(out, () -> manager.open(oid, LargeObjectManager.READ));
      connection.rollback();

      Cases.execute(connection, "drop table if exists with_blob", "create table with_blob (id int, content oid)");
      try (PreparedStatement insert = connection.prepareStatement("insert into with_blob values (1, ?)")) {
        insert.setBlob(1, new ByteArrayInputStream(content), content.length);
        insert.executeUpdate();
      }
      try (Statement statement = connection.createStatement(); ResultSet rows = statement.executeQuery("select content from with_blob")) {
        rows.next();
        Blob blob = rows.getBlob(1);
        out.println(blob.length() + " " + Arrays.toString(blob.getBytes(252, 3)) + " " + blob.position(new byte[] {5, 6}, 1));
      }
      Cases.execute(connection, "select lo_unlink(content) from with_blob", "drop table with_blob");
      connection.commit();
    }
  }

  private static void largeValues(Cases.Target target, PrintStream out) throws Exception {
    try (Connection connection = target.open()) {
      Cases.execute(connection, "drop table if exists big_values", "create table big_values (bytes bytea, words text)");
      byte[] bytes = new byte[3_000_000];
      Arrays.fill(bytes, (byte) 7);
      try (PreparedStatement insert = connection.prepareStatement("insert into big_values values (?, ?)")) {
        insert.setBinaryStream(1, new ByteArrayInputStream(bytes), bytes.length);
        insert.setCharacterStream(2, new StringReader("é".repeat(1_000_000)));
        out.println(insert.executeUpdate());
        insert.setBytes(1, bytes);
        insert.setString(2, "z".repeat(2_000_000));
        out.println(insert.executeUpdate());
      }
      try (PreparedStatement select = connection.prepareStatement("select bytes, words from big_values")) {
        for (int time = 0; time < 6; time++) {
          try (ResultSet rows = select.executeQuery()) {
            while (rows.next()) out.println(rows.getBytes(1).length + " " + Arrays.equals(rows.getBytes(1), bytes) + " " + rows.getString(2).length());
          }
        }
      }
      // More parameters than most programs have: the protocol's limit is 65,535.
      try (PreparedStatement many = connection.prepareStatement("select count(*) from generate_series(1, 9) n where n in (?" + ",?".repeat(29_999) + ")")) {
        for (int i = 1; i <= 30_000; i++) many.setInt(i, i);
        Cases.rows(out, many.executeQuery());
      }
      Cases.execute(connection, "drop table big_values");
    }
  }

  private BulkCases() {}
}
